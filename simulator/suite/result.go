package suite

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/check"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// The folders within a run's folder.
const (
	evidenceFolder   = "evidence"
	screenshotFolder = "screenshots"
	lostFolder       = "lost"
)

// describe writes into the result what the session knows.
func (s *Session) describe(result *verdict.Result) {
	s.settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	result.Pixel.Script, result.Pixel.ScriptSHA256 = s.script.Name, s.script.digest()
	result.Warnings, result.Errors = s.warnings, s.errors
	about := s.browser.Describe()
	probed := s.browser.preflight.about
	about.ThirdPartyCookies, about.Webdriver, about.Channels = probed.ThirdPartyCookies, probed.Webdriver, probed.Channels
	result.Browser = verdict.Browser(about)
	result.Timings.Launch, result.Timings.Preflight = ms(s.launched), ms(s.browser.preflight.took)
}

func newResult(tool verdict.Tool, p *scenario.Pixel, began time.Time) *verdict.Result {
	return &verdict.Result{
		Schema: verdict.Schema, Tool: tool, Started: began.UTC(),
		Pixel: verdict.Pixel{Name: p.Name, Title: p.Title, Document: p.Document, Readings: maps.Clone(p.Readings)},
	}
}

// declaredAndPassed warns of declared deviations that did not occur: the
// declaration is out of date.
func declaredAndPassed(verdicts []verdict.Verdict) []string {
	var warnings []string
	for _, v := range verdicts {
		if v.Outcome == verdict.Pass && v.Reason != "" {
			warnings = append(warnings, fmt.Sprintf("%s in %s at step %s: %s", v.Clause, v.Scenario, v.Step, v.Reason))
		}
	}
	return slices.Compact(warnings)
}

// describe tells how a scenario's journey went.
func describe(plan *scenario.Plan, e *evidence.Evidence) verdict.Scenario {
	s := verdict.Scenario{
		ID: plan.Scenario.ID, Title: plan.Scenario.Title, Document: plan.Scenario.Document,
		Where: plan.Scenario.Where, Attempts: e.Attempt,
	}
	if len(e.Faults) > 0 {
		s.Error = e.Faults[0]
	}
	hit := plan.Pixel.Hits()
	for i, step := range e.Steps {
		walked := verdict.Step{Name: step.Name, Action: deed(&step, plan.Scenario.PersonAt(i)), Milliseconds: ms(step.Ended - step.Began)}
		var others []*evidence.Request
		for _, request := range e.During(step.Name) {
			if hit(request.URL) {
				walked.Requests++
				walked.Numbers = append(walked.Numbers, request.Seq)
			} else {
				others = append(others, request)
			}
		}
		walked.Others = len(others)
		if plan.Scenario.Silent(step.Name) {
			step.Awaited = false // that nothing came is as it should be
		}
		walked.Notes = notes(&step, walked.Requests, others, e.Messages)
		s.Steps = append(s.Steps, walked)
	}
	return s
}

const (
	// mostNoted is how many messages, and how many requests, a step's notes list.
	mostNoted = 5
	// longestNoted is how many characters of a message's or an address's text they give.
	longestNoted = 200
)

// notes says what went wrong on the page during a step.
func notes(step *evidence.Step, hits int, others []*evidence.Request, messages []evidence.Message) []string {
	var list []string
	if step.Problem != "" {
		list = append(list, step.Problem)
	}
	list = append(list, complaints(step.Name, messages)...)
	switch {
	case !step.Awaited || step.Seen:
	case hits > 0:
		list = append(list, "no request of the pixel came in time")
	default:
		list = append(list, unseen(others))
	}
	if !step.Fenced && !unrested(step) {
		list = append(list, "the step did not come to rest")
	}
	return list
}

// unrested tells that the scenario itself does not let the step come to rest: what
// is missing from it proves nothing, and nothing is wrong with that.
func unrested(step *evidence.Step) bool {
	return step.Action == "tab frozen" || slices.ContainsFunc(step.Conditions, func(c string) bool {
		return c == "ends at-once" || c == "network offline" || c == "script held"
	})
}

// complaints lists the page's errors during the step, each once.
func complaints(step string, messages []evidence.Message) []string {
	var list []string
	for _, m := range messages {
		if m.Step != step || m.Level != "exception" && m.Level != "error" {
			continue
		}
		line, _, _ := strings.Cut(strings.TrimSpace(m.Text), "\n")
		said := m.Level + ": " + abridged(strings.TrimSpace(line))
		if m.Source != "" {
			said += " at " + abridged(m.Source)
		}
		if !slices.Contains(list, said) {
			list = append(list, said)
		}
	}
	if more := len(list) - mostNoted; more > 0 {
		list = append(list[:mostNoted], fmt.Sprintf("and %d more", more))
	}
	return list
}

// unseen says that the pixel sent nothing, and what may have been meant instead.
func unseen(others []*evidence.Request) string {
	var sent []string
	n := 0
	for _, r := range others {
		if r.Purpose == "page" || r.Purpose == "script" {
			continue
		}
		n++
		address := r.URL
		if i := strings.IndexAny(address, "?#"); i >= 0 {
			address = address[:i]
		}
		if line := r.Method + " " + abridged(address); !slices.Contains(sent, line) {
			sent = append(sent, line)
		}
	}
	if n == 0 {
		return "no request of the pixel came, and nothing left the browser but requests for pages and scripts; check that the script loads and runs"
	}
	if more := len(sent) - mostNoted; more > 0 {
		sent = append(sent[:mostNoted], fmt.Sprintf("and %d more", more))
	}
	left := "1 other request"
	if n > 1 {
		left = fmt.Sprintf("%d other requests", n)
	}
	return fmt.Sprintf("no request of the pixel came; %s left the browser: %s; "+
		"if one of them is the pixel's, check stage.collector and requests.path in pixel.yaml", left, strings.Join(sent, ", "))
}

// abridged cuts off what is too long to be noted.
func abridged(text string) string {
	n := 0
	for i := range text {
		if n == longestNoted {
			return text[:i] + "…"
		}
		n++
	}
	return text
}

// keep writes evidence and pictures into the run's folder, and says in the
// scenario where they are.
func (s *Session) keep(v *Visit, pictures map[string][]byte) error {
	e, id := v.Evidence, v.Plan.Scenario.ID
	if s.options.Folder == "" || len(e.Steps) == 0 {
		return nil
	}
	for i := range e.Steps {
		picture, ok := pictures[e.Steps[i].Name]
		if !ok {
			continue
		}
		name := filepath.Join(screenshotFolder, fmt.Sprintf("%s-%d-%s.png", id, i+1, e.Steps[i].Name))
		if err := writeFile(filepath.Join(s.options.Folder, name), picture); err != nil {
			return fmt.Errorf("keep a screenshot: %w", err)
		}
		e.Steps[i].Screenshot, v.Scenario.Steps[i].Screenshot = filepath.ToSlash(name), filepath.ToSlash(name)
	}
	name := filepath.Join(evidenceFolder, id+".ndjson")
	path := filepath.Join(s.options.Folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep the evidence: %w", err)
	}
	if err := evidence.WriteFile(path, e); err != nil {
		return fmt.Errorf("keep the evidence: %w", err)
	}
	v.Scenario.Evidence = filepath.ToSlash(name)
	return nil
}

// keepLost keeps what was recorded before the browser died. It is not judged.
func (s *Session) keepLost(plan *scenario.Plan, e *evidence.Evidence) {
	if s.options.Folder == "" {
		return
	}
	if s.options.Redact {
		e = redact(plan, e)
	}
	path := filepath.Join(s.options.Folder, lostFolder, plan.Scenario.ID+".ndjson")
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = evidence.WriteFile(path, e)
	}
	if err != nil {
		s.note([]string{fmt.Sprintf("keep what was recorded before the browser died: %v", err)}, nil)
	}
}

// clearFolder removes what a former run has left in the folder: its report is about
// to be replaced, and evidence of two runs side by side would be judged as one.
func clearFolder(folder string) error {
	for _, pattern := range []string{evidenceFolder + "/*.ndjson", lostFolder + "/*.ndjson", screenshotFolder + "/*.png"} {
		former, err := fs.Glob(os.DirFS(folder), pattern)
		if err != nil {
			return err
		}
		for _, name := range former {
			if err := os.Remove(filepath.Join(folder, filepath.FromSlash(name))); err != nil {
				return fmt.Errorf("remove what a former run has left: %w", err)
			}
		}
	}
	return nil
}

func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// redact replaces every personal value of the journey, under a key that is not
// kept.
func redact(plan *scenario.Plan, e *evidence.Evidence) *evidence.Evidence {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return evidence.Redact(e, check.Identities(plan, e), key)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// deed says what happened in a step: the act, what held beside it, and whom the
// site knows.
func deed(s *evidence.Step, person string) string {
	words := slices.Clone(s.Conditions)
	if s.Action != "" {
		words = slices.Insert(words, 0, s.Action)
	}
	if s.Device != "" {
		words = append(words, s.Device+" device")
	}
	if s.Tab != "" {
		words = append(words, strings.ReplaceAll(s.Tab, "-", " "))
	}
	// Whose browser it is says who uses it, unless a step has said otherwise.
	said := slices.ContainsFunc(s.Conditions, func(c string) bool { return strings.HasPrefix(c, "person ") })
	if person != s.Device && !said && s.Device != scenario.DeviceOffice {
		words = append(words, cmp.Or(person, scenario.PersonFirst)+" person")
	}
	if s.Restored {
		words = append(words, "the browser had kept the page")
	}
	return strings.Join(words, ", ")
}
