package crowd

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The plots' size.
const (
	plotWidth  = 22 * vg.Centimeter
	plotHeight = 12 * vg.Centimeter
	margin     = 0.4 * vg.Centimeter
	plotDPI    = 144
)

// The colours are of the palette of Okabe and Ito, which the colour-blind can tell
// apart; what was is a thick pale line, what the report says a thin dark one with
// marks, so that they differ without colour as well.
var (
	blue       = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	paleBlue   = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	vermilion  = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	paleOrange = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	gridGrey   = color.NRGBA{0xcc, 0xcc, 0xcc, 0xff}
)

// Plot is a picture in one format.
type Plot struct {
	// Name is the file's, such as "visitors-shop.svg".
	Name string
	Data []byte
}

// Plots draws what the result shows, each picture as SVG and as PNG: new and returning
// visitors over time for each site, and, where there is a sweep, the overstatement over
// the rate of consent.
func (r *Result) Plots() ([]Plot, error) {
	var all []Plot
	for i, name := range r.plotNames() {
		make := r.overstatement
		if i < len(r.Sites) {
			make = func() (*plot.Plot, error) { return r.visitors(&r.Sites[i]) }
		}
		p, err := make()
		if err != nil {
			return nil, err
		}
		if all, err = appendPlot(all, p, name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// plotNames are the plots' names without what tells the format: one for each site, and
// one for the sweep where there is one.
func (r *Result) plotNames() []string {
	var names []string
	for i := range r.Sites {
		name := "visitors"
		if len(r.Sites) > 1 {
			name = fmt.Sprintf("visitors-%d%s", i+1, slug(r.Sites[i].Name))
		}
		names = append(names, name)
	}
	if len(r.Sweep) > 1 {
		names = append(names, "overstatement")
	}
	return names
}

// plotFormats tell in a file's name what it is.
var plotFormats = []string{".svg", ".png"}

// FormerPlots are the names of the plots that belong to the result in the file; none
// when there is no such file, or when it is no result.
func FormerPlots(file string) []string {
	text, err := os.ReadFile(file)
	var former Result
	if err != nil || json.Unmarshal(text, &former) != nil || former.Schema != schema {
		return nil
	}
	var names []string
	for _, name := range former.plotNames() {
		for _, format := range plotFormats {
			names = append(names, name+format)
		}
	}
	return names
}

// WritePlots writes the plots into the folder, and returns their names.
func (r *Result) WritePlots(folder string) ([]string, error) {
	plots, err := r.Plots()
	if err != nil {
		return nil, fmt.Errorf("draw: %w", err)
	}
	var names []string
	for _, p := range plots {
		if err := os.WriteFile(filepath.Join(folder, p.Name), p.Data, 0o644); err != nil {
			return names, err
		}
		names = append(names, p.Name)
	}
	return names, nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// slug is a name as part of a file's, with a dash before it.
func slug(name string) string {
	s := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if s == "" {
		return ""
	}
	return "-" + s[:min(len(s), 40)]
}

// appendPlot draws the plot in each format, with a margin around it.
func appendPlot(to []Plot, p *plot.Plot, name string) ([]Plot, error) {
	image := vgimg.NewWith(vgimg.UseWH(plotWidth, plotHeight), vgimg.UseDPI(plotDPI))
	for _, format := range []struct {
		name   string
		canvas vg.CanvasWriterTo
	}{{"svg", vgsvg.New(plotWidth, plotHeight)}, {"png", vgimg.PngCanvas{Canvas: image}}} {
		whole := draw.NewCanvas(format.canvas, plotWidth, plotHeight)
		whole.FillPolygon(color.White, []vg.Point{{}, {X: plotWidth}, {X: plotWidth, Y: plotHeight}, {Y: plotHeight}})
		p.Draw(draw.Crop(whole, margin, -2*margin, margin, -margin))
		var b bytes.Buffer
		if _, err := format.canvas.WriteTo(&b); err != nil {
			return to, err
		}
		data := b.Bytes()
		if format.name == "svg" {
			data = forAnyFont(data, p.Title.Text)
		}
		to = append(to, Plot{name + "." + format.name, data})
	}
	return to, nil
}

// forAnyFont lets a picture be read where our font is not, and gives it a title for
// those who do not see it.
func forAnyFont(svg []byte, title string) []byte {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(title)) // a buffer takes all
	svg = bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	return bytes.Replace(svg, []byte("\n<g "), fmt.Appendf(nil, "\n<title>%s</title>\n<g ", escaped.Bytes()), 1)
}

// sheet is an empty plot in our style.
func sheet(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	for _, style := range []*font.Font{&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font,
		&p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		style.Variant, style.Size = "Sans", vg.Points(10)
	}
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.Title.Padding, p.X.Padding, p.Y.Padding = vg.Points(8), vg.Points(6), vg.Points(6)
	p.X.Label.Padding, p.Y.Label.Padding = vg.Points(4), vg.Points(4)
	p.Legend.Top, p.Legend.Padding, p.Legend.ThumbnailWidth = true, vg.Points(3), vg.Points(28)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = nil, gridGrey
	p.Add(grid)
	p.Y.Min, p.Y.Tick.Marker = 0, roundTicks{}
	return p
}

// curve is one line of a plot.
type curve struct {
	name   string
	points plotter.XYs
	color  color.Color
	// truth is drawn thick, what is reported thin with marks.
	truth bool
	mark  draw.GlyphDrawer
}

func add(p *plot.Plot, curves ...curve) error {
	for _, c := range curves {
		line, err := plotter.NewLine(c.points)
		if err != nil {
			return err
		}
		line.Color, line.Width = c.color, vg.Points(1.3)
		if c.truth {
			line.Width = vg.Points(4)
			p.Add(line)
			p.Legend.Add(c.name, line)
			continue
		}
		marks, err := plotter.NewScatter(c.points)
		if err != nil {
			return err
		}
		marks.Color, marks.Shape, marks.Radius = c.color, c.mark, vg.Points(2.6)
		p.Add(line, marks)
		p.Legend.Add(c.name, line, marks)
	}
	return nil
}

// mostDays is how many days are drawn one by one; of more, weeks are.
const mostDays = 62

// visitors draws a site's days, or its whole weeks. The day after the crowd's last one
// has hardly a session, and is left out.
func (r *Result) visitors(s *SiteResult) (*plot.Plot, error) {
	step, unit := 1, "day"
	if r.Crowd.Days > mostDays {
		step, unit = 7, "week"
	}
	p := sheet(fmt.Sprintf("%s: visitors in truth and in the report", s.Name), unit+" (UTC)", "sessions a "+unit)
	var trueNew, trueReturning, saidNew, saidReturning plotter.XYs
	days := s.Days[:min(len(s.Days), r.Crowd.Days)]
	for n := 0; n+step <= len(days); n += step {
		var was, said Counts
		for _, d := range days[n : n+step] {
			was.add(d.Truth.Counted())
			said.add(d.Report.Total)
		}
		x := float64(n)
		trueNew = append(trueNew, plotter.XY{X: x, Y: float64(was.New)})
		trueReturning = append(trueReturning, plotter.XY{X: x, Y: float64(was.Returning)})
		saidNew = append(saidNew, plotter.XY{X: x, Y: float64(said.New)})
		saidReturning = append(saidReturning, plotter.XY{X: x, Y: float64(said.Returning)})
	}
	p.X.Tick.Marker = dayTicks{r.Crowd.Start, r.Crowd.Days, step}
	err := add(p,
		curve{"new, truth", trueNew, paleBlue, true, nil},
		curve{"returning, truth", trueReturning, paleOrange, true, nil},
		curve{"new, report", saidNew, blue, false, draw.CircleGlyph{}},
		curve{"returning, report", saidReturning, vermilion, false, draw.PyramidGlyph{}},
	)
	roomForLegend(p)
	return p, err
}

// overstatement draws the sweep.
func (r *Result) overstatement() (*plot.Plot, error) {
	p := sheet("What refusal does to the report", "people who agree (%)", "error of the report (%)")
	var over, under plotter.XYs
	for _, point := range r.Sweep {
		over = append(over, plotter.XY{X: 100 * point.Agree, Y: 100 * point.Overstated()})
		under = append(under, plotter.XY{X: 100 * point.Agree, Y: 100 * point.Understated()})
	}
	err := add(p,
		curve{"new visitors overstated by", over, blue, false, draw.CircleGlyph{}},
		curve{"returning visitors understated by", under, vermilion, false, draw.PyramidGlyph{}},
	)
	p.X.Min, p.X.Max = 0, 100
	p.X.Tick.Marker = plot.ConstantTicks(percentTicks())
	roomForLegend(p)
	return p, err
}

// roomForLegend keeps the curves below the legend.
func roomForLegend(p *plot.Plot) {
	p.Y.Min = 0
	p.Y.Max = max(p.Y.Max, 1) * 1.3
}

// roundTicks marks up to nine round numbers from 0 on.
type roundTicks struct{}

// Ticks implements [plot.Ticker].
func (roundTicks) Ticks(_, highest float64) []plot.Tick {
	step := 1.0
	for i := 0; highest/step > 8; i++ {
		step *= []float64{2, 2.5, 2}[i%3]
	}
	var ticks []plot.Tick
	for v := 0.0; v <= highest; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: number(int64(v))})
	}
	return ticks
}

func percentTicks() []plot.Tick {
	var ticks []plot.Tick
	for v := 0; v <= 100; v += 10 {
		ticks = append(ticks, plot.Tick{Value: float64(v), Label: fmt.Sprint(v)})
	}
	return ticks
}

// dayTicks marks days, of many only some.
type dayTicks struct {
	start string
	days  int
	step  int // of the marks without a name
}

// Ticks implements [plot.Ticker].
func (t dayTicks) Ticks(lowest, highest float64) []plot.Tick {
	start, err := time.Parse(time.DateOnly, t.start)
	if err != nil {
		return nil
	}
	every := max(1, (t.days+11)/12)
	if every > 3 {
		every = (every + 6) / 7 * 7 // whole weeks
	}
	var ticks []plot.Tick
	for n := 0; n < t.days; n += t.step {
		tick := plot.Tick{Value: float64(n)}
		if n%every == 0 {
			tick.Label = start.AddDate(0, 0, n).Format("2 Jan")
		}
		if tick.Value >= lowest && tick.Value <= highest {
			ticks = append(ticks, tick)
		}
	}
	return ticks
}
