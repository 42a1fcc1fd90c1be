package crowd_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/crowd"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// shown is the result as a table, without what differs from run to run.
func shown(t *testing.T, r *crowd.Result, o crowd.TextOptions) string {
	t.Helper()
	steady := *r
	steady.Played.Milliseconds, steady.Played.PeakMemory = 1234, 64<<20
	if r.Swept != nil {
		swept := *r.Swept
		swept.Milliseconds, swept.PeakMemory = 2000, 0
		steady.Swept = &swept
	}
	var b bytes.Buffer
	NewWithT(t).Expect(steady.Text(&b, o)).To(Succeed())
	return b.String()
}

func TestTheTableIsForAnAnalyst(t *testing.T) {
	t.Parallel()
	o := small()
	to := newOracle(o.Places...)
	p := into(to, o)
	r, err := crowd.Run(t.Context(), p)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	p.Options.Visitors = 50
	NewWithT(t).Expect(r.AddSweep(t.Context(), p, []float64{0.2, 0.8}, nil)).To(Succeed())
	golden(t, "table.golden", shown(t, r, crowd.TextOptions{}))
}

func TestTheTableNamesWhatDoesNotHold(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := small()
	o.Sites = o.Sites[:1]
	to := newOracle(o.Places...)
	to.count = func(s session, f *figures) {
		if !s.anonymous {
			f.SessionTime += 0.001
		}
	}
	r := run(t, to, o)
	golden(t, "broken.golden", shown(t, r, crowd.TextOptions{}))
	expect.Expect(shown(t, r, crowd.TextOptions{Color: true})).To(ContainSubstring("\x1b[31m"))
	expect.Expect(shown(t, r, crowd.TextOptions{})).NotTo(ContainSubstring("\x1b"))
	r.Played.Stopped, r.Equalities, r.Breaches = true, 0, nil
	expect.Expect(shown(t, r, crowd.TextOptions{})).To(And(ContainSubstring("stopped: 250 of 250 browsers had been played, and all that is shown"), ContainSubstring("nothing was held against the truth")))
}

func TestTheResultIsReadByMachines(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := small()
	r := run(t, newOracle(o.Places...), o)
	var b bytes.Buffer
	expect.Expect(crowd.JSON(&b, r)).To(Succeed())
	var again crowd.Result
	expect.Expect(json.Unmarshal(b.Bytes(), &again)).To(Succeed())
	if diff := cmp.Diff(r, &again); diff != "" {
		t.Error(diff)
	}
	expect.Expect(b.String()).To(ContainSubstring(`"breaches": []`), "none is a list, too")
}

func TestPlotsAreDrawnAsSVGAndPNG(t *testing.T) {
	t.Parallel()
	for _, days := range []int{1, 9, 100} {
		expect := NewWithT(t)
		o := small()
		o.Days, o.Sites = days, []crowd.Site{{Name: "Über & <Shop>", Anonymous: true}}
		p := into(newOracle(o.Places...), o)
		r, err := crowd.Run(t.Context(), p)
		expect.Expect(err).NotTo(HaveOccurred())
		p.Options.Visitors = 40
		expect.Expect(r.AddSweep(t.Context(), p, []float64{0, 1}, nil)).To(Succeed())
		folder := t.TempDir()
		names, err := r.WritePlots(folder)
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(names).To(Equal([]string{"visitors.svg", "visitors.png", "overstatement.svg", "overstatement.png"}))
		unit := map[bool]string{true: "week", false: "day"}[days > 62]
		expect.Expect(texts(t, filepath.Join(folder, "visitors.svg"))).To(ContainElements(
			"Über & <Shop>: visitors in truth and in the report", unit+" (UTC)", "sessions a "+unit, "2 Mar",
			"new, truth", "returning, truth", "new, report", "returning, report"))
		expect.Expect(texts(t, filepath.Join(folder, "overstatement.svg"))).To(ContainElements(
			"people who agree (%)", "error of the report (%)", "0", "100", "new visitors overstated by", "returning visitors understated by"))
		for _, name := range []string{"visitors.png", "overstatement.png"} {
			expect.Expect(colours(t, filepath.Join(folder, name))).To(BeNumerically(">", 50), "something is drawn")
		}
	}
}

func TestEachSiteHasAPlotOfItsOwn(t *testing.T) {
	t.Parallel()
	o := small()
	o.Visitors = 30
	r := run(t, newOracle(o.Places...), o)
	plots, err := r.Plots()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	var names []string
	for _, p := range plots {
		names = append(names, p.Name)
	}
	NewWithT(t).Expect(names).To(Equal([]string{"visitors-1-shop.svg", "visitors-1-shop.png", "visitors-2-old-shop.svg", "visitors-2-old-shop.png"}))
}

// texts are the texts of an SVG.
func texts(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var found []string
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) != "" {
			found = append(found, string(text))
		}
	}
}

// colours is how many colours a picture has, and that its corners are white.
func colours(t *testing.T, file string) int {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var picture image.Image
	if picture, err = png.Decode(f); err != nil {
		t.Fatal(err)
	}
	seen := map[[3]uint32]bool{}
	b := picture.Bounds()
	for x := b.Min.X; x < b.Max.X; x++ {
		for y := b.Min.Y; y < b.Max.Y; y++ {
			r, g, bl, _ := picture.At(x, y).RGBA()
			if edge := x == b.Min.X || y == b.Min.Y || x == b.Max.X-1 || y == b.Max.Y-1; edge && r+g+bl != 3*0xffff {
				t.Fatalf("%s: something is drawn at its edge, at %d,%d", file, x, y)
			}
			seen[[3]uint32{r, g, bl}] = true
		}
	}
	return len(seen)
}

func TestWhatCannotBePlayedIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		change func(*crowd.Options)
		want   string
	}{
		{func(o *crowd.Options) { o.Visitors = 0 }, "visitors: want 1 to 10000000, found 0"},
		{func(o *crowd.Options) { o.Days = 361 }, "days: want 1 to 360, found 361\nhint: a choice lasts twelve months"},
		{func(o *crowd.Options) { o.Start = time.Time{} }, "start: no day is given\nhint: such as 2026-03-02"},
		{func(o *crowd.Options) { o.Agree, o.Disagree = 0.7, 0.6 }, "disagree: 70 % agree and 60 % disagree, which is more than all"},
		{func(o *crowd.Options) { o.Agree = 1.4 }, "agree: want a share from 0 to 100%, found 1.4, which is 140%\nhint: such as 40% or 0.4"},
		{func(o *crowd.Options) { o.Agree = 30 }, "agree: want a share from 0 to 100%, found 30, which is 3000%\nhint: write 30% or 0.3"},
		{func(o *crowd.Options) { o.Start = on(2001, 9, 9) }, "start: want a day from 2001-09-10 on, found 2001-09-09\nhint: a hit says when it was made in 13 digits"},
		{func(o *crowd.Options) { o.Start = on(1, 1, 2) }, "start: want a day from 2001-09-10 on, found 0001-01-02"},
		{func(o *crowd.Options) { o.Start, o.Days = on(2286, 11, 20), 1 }, "start: the crowd would come until 2286-11-21, and no later than on 2286-11-18 it can"},
		{func(o *crowd.Options) { o.Start = on(9999, 12, 31) }, "start: the crowd would come until 10000-01-28"},

		{func(o *crowd.Options) { o.Return = 0.99 }, "return: want at most 95%, found 99 %"},
		{func(o *crowd.Options) { o.Pages = 0 }, "pages: want 1 to 50, found 0"},
		{func(o *crowd.Options) { o.Events = 11 }, "events: want 0 to 10, found 11"},
		{func(o *crowd.Options) { o.Sites = nil }, "sites: want 1 to 16 sites, found 0"},
		{func(o *crowd.Options) { o.Sites = []crowd.Site{{}} }, "sites: a site has no name"},
		{func(o *crowd.Options) { o.Sites = []crowd.Site{{Name: "A", ID: "1"}} }, `sites: the ID "1" is no UUID in small letters`},
		{func(o *crowd.Options) { o.Sites = []crowd.Site{{Name: "A"}, {Name: "A"}} }, `sites: the site "A" stands twice`},
		{func(o *crowd.Options) { o.Places = []crowd.Place{{}} }, "places: a place has no addresses"},
	} {
		o := crowd.Defaults()
		test.change(&o)
		_, err := o.Complete()
		NewWithT(t).Expect(err).To(MatchError(HavePrefix(test.want)))
	}
}

// on is a day.
func on(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// The first day and the last one that are taken can be played: each time has 13 digits.
func TestACrowdComesOnTheFirstDayThatThereIsAndOnTheLast(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	for _, start := range []time.Time{on(2001, 9, 10), on(2286, 11, 17)} {
		o := small()
		o.Start, o.Days, o.Visitors = start, 1, 60
		to := newOracle(o.Places...)
		to.change = func(h *hit) bool {
			expect.Expect(fmt.Sprint(h.at.UnixMilli())).To(HaveLen(13))
			return false
		}
		expect.Expect(run(t, to, o).Breaches).To(BeEmpty())
	}
}

func TestASiteIsAWordOrAMapInAFile(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	file := filepath.Join(t.TempDir(), "crowd.yaml")
	expect.Expect(os.WriteFile(file, []byte("sites: [Shop, Old shop=off, New shop=on, {name: Other, anonymous-tracking: false}]\n"), 0o644)).To(Succeed())
	o, err := crowd.Defaults().ReadFile(file)
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(o.Sites).To(Equal([]crowd.Site{{Name: "Shop", Anonymous: true}, {Name: "Old shop"}, {Name: "New shop", Anonymous: true}, {Name: "Other"}}))
}

// Plots of a former report are known by what it was of, and by nothing else.
func TestTheFormerPlotsAreThoseOfTheFormerReport(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := small()
	o.Visitors = 30
	p := into(newOracle(o.Places...), o)
	r, err := crowd.Run(t.Context(), p)
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(r.AddSweep(t.Context(), p, []float64{0, 1}, nil)).To(Succeed())
	folder := t.TempDir()
	names, err := r.WritePlots(folder)
	expect.Expect(err).NotTo(HaveOccurred())
	var b bytes.Buffer
	expect.Expect(crowd.JSON(&b, r)).To(Succeed())
	file := filepath.Join(folder, "report.json")
	expect.Expect(crowd.FormerPlots(file)).To(BeEmpty())
	expect.Expect(os.WriteFile(file, b.Bytes(), 0o644)).To(Succeed())
	expect.Expect(crowd.FormerPlots(file)).To(ConsistOf(names))
	expect.Expect(os.WriteFile(file, []byte(`{"sites": [{"name": "Shop"}]}`), 0o644)).To(Succeed())
	expect.Expect(crowd.FormerPlots(file)).To(BeEmpty(), "it is another's")
}

// One is one: of people, of days, of hits.
func TestTheTableCountsInPlainEnglish(t *testing.T) {
	t.Parallel()
	o := crowd.Defaults()
	o.Visitors, o.Days, o.Share = 1, 1, 0
	NewWithT(t).Expect(shown(t, run(t, newOracle(), o), crowd.TextOptions{})).To(And(
		ContainSubstring("1 browser of 1 person, 1 day from"), ContainSubstring("played 1 browser, "), Not(MatchRegexp(`\b1 (browsers|people|days|hits|sessions)\b`))))
}

func TestTheTableSaysWhyThereAreAnonymousSessionsThoughAllAgree(t *testing.T) {
	t.Parallel()
	o := small()
	o.Agree, o.Disagree = 1, 0
	NewWithT(t).Expect(shown(t, run(t, newOracle(o.Places...), o), crowd.TextOptions{})).To(
		MatchRegexp(`sessions are anonymous: all agree who are asked, but some only when`))
}

func TestTheTableSaysWhatWasSweptAndWhatStrayed(t *testing.T) {
	t.Parallel()
	o := small()
	o.Visitors = 40
	p := into(newOracle(o.Places...), o)
	r, err := crowd.Run(t.Context(), p)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(r.AddSweep(t.Context(), p, []float64{0.2, 1}, nil)).To(Succeed())
	NewWithT(t).Expect(r.Swept.Browsers).To(Equal(int64(80)))
	NewWithT(t).Expect(shown(t, r, crowd.TextOptions{})).To(And(
		MatchRegexp(`played 80 browsers, [0-9,]+ hits in 2s: 40 browsers/s, for the sweep\n`),
		MatchRegexp(`besides, [0-9]+ hits were sent as by pages that did not know that their site is off`),
		MatchRegexp(`at 100 %, [0-9]+ sessions? (is|are) anonymous: all agree who are asked`)))
}

func TestAFileDescribesACrowd(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	file := filepath.Join(t.TempDir(), "crowd.yaml")
	expect.Expect(os.WriteFile(file, []byte(`visitors: 500
days: 7
start: 2026-01-05
seed: 12
agree: 60%
return: 0.25
reading: after-the-last-event
sites:
  - {name: Shop, anonymous-tracking: true}
  - {name: Old shop, id: 0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a02, anonymous-tracking: false}
places:
  - {addresses: 192.0.2.8/29, country: Germany, city: Berlin}
`), 0o644)).To(Succeed())
	o, err := crowd.Defaults().ReadFile(file)
	expect.Expect(err).NotTo(HaveOccurred())
	o, err = o.Complete()
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect([]any{o.Visitors, o.Days, o.Day(0), o.Seed, o.Agree, o.Return, o.Refreshed}).To(Equal([]any{500, 7, "2026-01-05", uint64(12), 0.6, 0.25, true}))
	expect.Expect(o.Disagree).To(BeNumerically("~", 0.4*7/12, 1e-9), "what is not said follows from what is")
	expect.Expect(o.Share).To(Equal(crowd.Defaults().Share))
	expect.Expect(o.Sites).To(HaveLen(2))
	expect.Expect(o.Sites[0].ID).To(MatchRegexp(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`))
	expect.Expect(o.Places[0].City).To(Equal("Berlin"))
}

func TestMistakesInAFileAreShownWithTheirPlace(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	for _, text := range []string{
		"visitor: 500\n",
		"visitors: 500\nvisitors: 600\n",
		"visitors: many\n",
		"visitors: -5\n",
		"agree: [40%]\n",
		"agree: most\n",
		"agree: 140%\n",
		"agree: 30\n",
		"agree: 70%\ndisagree: 60%\n",
		"days: 400\n",
		"start: yesterday\n",
		"reading: after-it-was-sett\n",
		"sites: [{name: Shop}]\n",
		"sites: Shop\n",
		"sites: [5]\n",
		"sites: [Shop=maybe]\n",
		"sites: ['']\n",
		"start: 2001-09-09\n",
		"sites:\n  - {name: Shop, anonymous-tracking: on}\n",
		"sites:\n  - {name: Shop, anonymous-tracking: true, colour: red}\n",
		"sites: []\n",
		"places:\n  - {addresses: 192.0.2.300/29, country: Germany}\n",
		"places:\n  - {addresses: 192.0.2.8/29, city: Berlin}\n",
		"",
		"{",
	} {
		file := filepath.Join(t.TempDir(), "crowd.yaml")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := crowd.Defaults().ReadFile(file)
		var problems scenario.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		fmt.Fprintf(&said, "%s\n%s\n\n", strings.TrimSpace(text), strings.ReplaceAll(err.Error(), file, "crowd.yaml"))
	}
	golden(t, "mistakes.golden", said.String())
	_, err := crowd.Defaults().ReadFile(filepath.Join(t.TempDir(), "none.yaml"))
	NewWithT(t).Expect(err).To(MatchError(HaveSuffix("none.yaml: cannot be read: no such file or directory")))
}
