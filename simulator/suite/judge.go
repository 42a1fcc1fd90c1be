package suite

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Judge judges stored evidence anew, without a browser, by the library's
// scenarios as they are now. All of it must be of one pixel, at most one of a
// scenario. Evidence that does not fit is a *UsageError. When a scenario or the
// pixel has changed since the recording, the result carries a warning.
func Judge(lib *scenario.Library, pixel *scenario.Pixel, tool verdict.Tool, files []StoredEvidence) (*verdict.Result, error) {
	began := time.Now()
	if len(files) == 0 {
		return nil, &UsageError{ErrNothingSelected}
	}
	pixel, err := readAlike(pixel, files)
	if err != nil {
		return nil, &UsageError{err}
	}
	result := newResult(tool, pixel, files[0].Evidence.Began)
	seen := map[string]string{}
	for _, f := range files {
		plan, err := bind(lib, pixel, f)
		if err != nil {
			return nil, &UsageError{err}
		}
		e := f.Evidence
		if other, twice := seen[e.Scenario]; twice {
			return nil, &UsageError{fmt.Errorf("%s and %s are both evidence of %s\nhint: judge one of them at a time", other, f.Path, e.Scenario)}
		}
		seen[e.Scenario] = f.Path
		result.Warnings = append(result.Warnings, changed(plan, f)...)
		result.Browser = verdict.Browser(e.Browser)
		result.Collector = (*verdict.Collector)(e.Collector)
		result.Pixel.Script, result.Pixel.ScriptSHA256 = e.Script, e.ScriptSHA256
		v := judge(plan, e)
		s := v.Scenario
		s.Evidence = f.Path
		for i, step := range e.Steps {
			s.Steps[i].Screenshot = step.Screenshot
		}
		if n := len(e.Steps); n > 0 {
			s.Milliseconds = ms(e.Steps[n-1].Ended)
		}
		result.Scenarios = append(result.Scenarios, s)
		result.Verdicts = append(result.Verdicts, v.Verdicts...)
	}
	result.Warnings = append(result.Warnings, declaredAndPassed(result.Verdicts)...)
	result.Timings.Judging = ms(time.Since(began))
	result.Timings.Total = result.Timings.Judging
	result.Tally()
	return result, nil
}

// StoredEvidence is evidence with the path of the file that it was read from.
type StoredEvidence struct {
	Path     string
	Evidence *evidence.Evidence
}

// readAlike returns the pixel as its document was read when the evidence was recorded,
// which must be the same in all of it.
func readAlike(pixel *scenario.Pixel, files []StoredEvidence) (*scenario.Pixel, error) {
	first := files[0]
	for _, f := range files[1:] {
		if !maps.Equal(f.Evidence.Readings, first.Evidence.Readings) {
			return nil, fmt.Errorf("%s and %s were recorded for other readings of the document\nhint: judge them apart", first.Path, f.Path)
		}
	}
	var readings []string
	for _, name := range slices.Sorted(maps.Keys(first.Evidence.Readings)) {
		readings = append(readings, name+"="+first.Evidence.Readings[name])
	}
	read, err := pixel.WithReadings(readings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", first.Path, err)
	}
	return read, nil
}

func bind(lib *scenario.Library, pixel *scenario.Pixel, f StoredEvidence) (*scenario.Plan, error) {
	e := f.Evidence
	sc := lib.Scenario(e.Scenario)
	if sc == nil {
		return nil, fmt.Errorf("%s: evidence of the scenario %q, which is not known here", f.Path, e.Scenario)
	}
	if e.Pixel != pixel.Name {
		return nil, fmt.Errorf("%s: evidence of the pixel %q, not of %q\nhint: name the pixel with --pixel", f.Path, e.Pixel, pixel.Name)
	}
	plan, err := scenario.Bind(lib, sc, pixel)
	if err != nil {
		return nil, err
	}
	return plan.Salted(e.Salt), nil
}

func changed(plan *scenario.Plan, f StoredEvidence) []string {
	var warnings []string
	if f.Evidence.ScenarioDigest != plan.Scenario.Digest {
		warnings = append(warnings, fmt.Sprintf("%s: the scenario %s has changed since this was recorded", f.Path, plan.Scenario.ID))
	}
	if f.Evidence.PixelDigest != plan.Pixel.Digest {
		warnings = append(warnings, fmt.Sprintf("%s: the pixel %s has changed since this was recorded", f.Path, plan.Pixel.Name))
	}
	return warnings
}
