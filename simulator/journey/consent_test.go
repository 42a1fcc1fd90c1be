package journey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// consenting is a plan whose pixel has a consent window, a console, and sessions that
// can be read.
func consenting(steps ...scenario.Step) *scenario.Plan {
	p := plan(steps...)
	p.Scenario.Config.Site = scenario.SiteAdministered
	p.Scenario.Config.Origins = map[string]scenario.Origin{"berlin": {Address: "192.0.2.10"}, "six": {Address: "2001:db8::10"}}
	p.Pixel.Name = "demo"
	p.Pixel.Features = []string{scenario.FeatureKeptReadBack, scenario.FeatureSessionReadBack}
	p.Pixel.Settings = map[string]string{"site": "one", "site.administered": "two"}
	p.Pixel.Stage.Console = "app.vendor.test"
	p.Pixel.Console = map[string]string{"administration": "/admin/"}
	p.Pixel.Actions["agree-later"] = scenario.Action{Click: "#again", Then: []string{"#agree"}}
	p.Pixel.Actions["switch-on"] = scenario.Action{Click: "#menu", Then: []string{"#sites", "#site-{site}"}, Until: "#saved"}
	p.Pixel.Records = map[string]scenario.Record{scenario.RecordSessions: {Path: "/report?site={site}", Value: "sessions"}}
	p.Pixel.Sessions = &scenario.Sessions{Path: "/sessions?site={site}&limit=1", Each: "$.sessions[*]", Values: map[string]string{
		"id": "$.id", "began": "$.began", "ended": "$.ended", "page-views": "$.views", "address": "$.address", "visitor-id": "$.visitor",
	}}
	return p
}

func walkThe(t *testing.T, w *world, p *scenario.Plan, o journey.Options) journey.Walked {
	t.Helper()
	return journey.Walk(t.Context(), p, w.opener(), w.options(o))
}

func TestAnActionClicksOneThingAfterTheOther(t *testing.T) {
	t.Parallel()
	w := &world{}
	walked := walkThe(t, w, consenting(opening("home", "home"), doing("agreeing", "agree-later"),
		scenario.Step{Name: "office", Device: scenario.DeviceOffice, Open: "administration"}, doing("switching", "switch-on")), journey.Options{})
	if len(walked.Evidence.Faults) > 0 {
		t.Fatal(walked.Evidence.Faults)
	}
	var acts []string
	for _, call := range w.calls {
		if strings.HasPrefix(call, "open ") || strings.HasPrefix(call, "click") || strings.HasPrefix(call, "await sight") {
			acts = append(acts, call)
		}
	}
	if diff := cmp.Diff([]string{
		"open https://www.shop.test/", "click #again", "click next #agree",
		"open https://app.vendor.test/admin/", "click #menu", "click next #sites", "click next #site-two", "await sight #saved",
	}, acts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What never comes is the page's problem and named with the time; the step is brought
// to its end all the same.
func TestAnElementThatNeverComes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	w := &world{on: func(ctx context.Context, call string) error {
		if call == "click next #sites" {
			<-ctx.Done()
			return &journey.ElementError{Selector: "#sites", Page: "https://app.vendor.test/admin/", Problem: "not found"}
		}
		return nil
	}}
	timeouts := journey.DefaultTimeouts()
	timeouts.Element = time.Millisecond
	walked := walkThe(t, w, consenting(scenario.Step{Name: "office", Device: scenario.DeviceOffice, Open: "administration"}, doing("switching", "switch-on")),
		journey.Options{Timeouts: timeouts})
	g.Expect(walked.Evidence.Faults).To(BeEmpty())
	step := walked.Evidence.Step("switching")
	g.Expect(step.Problem).To(Equal("nothing to click at #sites on https://app.vendor.test/admin/: not found within 1ms"))
	g.Expect(step.Fenced).To(BeTrue())
	g.Expect(w.calls).NotTo(ContainElement("click next #site-two"))
}

func TestTheOfficeAwaitsNoPixel(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	walked := walkThe(t, &world{}, consenting(scenario.Step{Name: "office", Device: scenario.DeviceOffice, Open: "administration"}), journey.Options{})
	g.Expect(walked.Evidence.Step("office").Awaited).To(BeFalse())
	g.Expect(walked.Evidence.Step("office").Device).To(Equal("office"))
}

// A step that is to be silent is not waited for long, and leaves the patience for
// those that are not.
func TestASilentStepIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	var waited []time.Duration
	w := &world{on: func(ctx context.Context, call string) error {
		if call != "await: nothing" {
			return nil
		}
		deadline, _ := ctx.Deadline()
		waited = append(waited, time.Until(deadline).Round(time.Minute))
		return context.DeadlineExceeded
	}}
	p := consenting(opening("silent", "home"), opening("loud", "products"), opening("again", "home"))
	p.Scenario.Expect = []scenario.Expectation{{At: "silent", Request: scenario.RequestAny, Is: scenario.StateAbsent}}
	timeouts := journey.DefaultTimeouts()
	timeouts.Pixel, timeouts.PixelAgain = time.Hour, 2*time.Minute
	walkThe(t, w, p, journey.Options{Timeouts: timeouts})
	if diff := cmp.Diff([]time.Duration{2 * time.Minute, time.Hour, 2 * time.Minute}, waited); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFromWhereAStepComes(t *testing.T) {
	t.Parallel()
	w := &world{}
	berlin, six := opening("a", "home"), scenario.Step{Name: "c", Do: "agree-later", From: "six"}
	berlin.From = "berlin"
	walked := walkThe(t, w, consenting(berlin, opening("b", "products"), six,
		scenario.Step{Name: "d", Device: scenario.DeviceSecond, Open: "home"}, scenario.Step{Name: "e", Device: scenario.DeviceFirst, Open: "home"}), journey.Options{})
	var said []string
	for _, call := range w.calls {
		if strings.HasPrefix(call, "from ") {
			said = append(said, call)
		}
	}
	if diff := cmp.Diff([]string{`from "192.0.2.10"`, `from "2001:db8::10"`, `from ""`, `from "2001:db8::10"`}, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, want := range map[string][2]string{
		"a": {"berlin", "192.0.2.10"}, "b": {"berlin", "192.0.2.10"}, "c": {"six", "2001:db8::10"}, "d": {}, "e": {"six", "2001:db8::10"},
	} {
		if step := walked.Evidence.Step(name); step.From != want[0] || step.Address != want[1] {
			t.Errorf("step %s is from %q, %q", name, step.From, step.Address)
		}
	}
}

const newest = `{"sessions": [{"id": "s1", "began": "2026-03-01T12:00:00.5Z", "ended": "2026-03-01T13:00:00+01:00", "views": 3,
	"address": "0.0.0.0", "visitor": null}, {"id": "s0"}]}`

func TestTheNewestSessionIsRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer, problem string
		want            *evidence.Session
	}{
		"as it is": {answer: newest, want: &evidence.Session{
			ID: "s1", Began: time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.UTC), Ended: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
			PageViews: 3, Values: map[string]string{"address": "0.0.0.0"},
		}},
		"none":             {answer: `{"sessions": []}`, want: &evidence.Session{}},
		"no list":          {answer: `{"session": []}`, problem: "sessions.each: $.sessions[*] selects nothing, where an object for each session is wanted"},
		"no document":      {answer: `<html>`, problem: "sessions.path: a JSON document is wanted, and it is none"},
		"no ID":            {answer: strings.Replace(newest, `"id": "s1"`, `"ID": "s1"`, 1), problem: "sessions.values.id: $.id selects nothing in the newest session"},
		"no time":          {answer: strings.Replace(newest, `2026-03-01T12:00:00.5Z`, `noon`, 1), problem: `sessions.values.began: $.began selects the text "noon", where a time is wanted`},
		"no number":        {answer: strings.Replace(newest, `"views": 3`, `"views": "many"`, 1), problem: `sessions.values.page-views: $.views selects the text "many", where a count is wanted`},
		"another kind":     {answer: strings.Replace(newest, `"0.0.0.0"`, `["0.0.0.0"]`, 1), problem: "sessions.values.address: $.address selects a list, where a text or a number is wanted"},
		"not a collection": {answer: `{"sessions": [7]}`, problem: "sessions.each: $.sessions[*] selects 7, where an object for each session is wanted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			p := consenting(opening("home", "home"))
			p.Scenario.Expect = []scenario.Expectation{{At: "home", Session: scenario.SessionAddress, Is: scenario.StateMasked}}
			walked := walkThe(t, &world{records: map[string]string{"/sessions?site=two&limit=1": test.answer}}, p, journey.Options{})
			if test.problem != "" {
				g.Expect(walked.Evidence.Faults).To(ContainElement(ContainSubstring(test.problem)))
				return
			}
			g.Expect(walked.Evidence.Faults).To(BeEmpty())
			g.Expect(walked.Evidence.Snapshot("home").Session).To(Equal(test.want))
			g.Expect(walked.Evidence.Snapshot("home").Kept).To(BeNil())
		})
	}
}

// From the first step on that wants it, all that the collector keeps is read, and what
// it gave back stands beside it.
func TestWhatTheCollectorKeepsIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := consenting(opening("a", "home"), opening("b", "products"), opening("c", "home"))
	p.Scenario.Expect = []scenario.Expectation{
		{At: "b", Kept: scenario.KeptAddress, Is: scenario.StateAbsent},
		{At: "b", Record: scenario.RecordSessions, Is: scenario.StateGrown},
	}
	w := &world{records: map[string]string{"/report?site=two": `{"sessions": 1}`}}
	kept := func(context.Context) ([]evidence.Kept, error) {
		return []evidence.Kept{{Name: "store", Data: evidence.Packed("held")}}, nil
	}
	walked := walkThe(t, w, p, journey.Options{Kept: kept})
	g.Expect(walked.Evidence.Faults).To(BeEmpty())
	g.Expect(walked.Evidence.Snapshot("a").Kept).To(BeNil())
	for _, step := range []string{"b", "c"} {
		g.Expect(walked.Evidence.Snapshot(step).Kept).To(Equal([]evidence.Kept{
			{Name: "store", Data: evidence.Packed("held")}, {Name: "answer /report?site=two", Data: evidence.Packed(`{"sessions": 1}`)},
		}))
	}

	walked = walkThe(t, w, p, journey.Options{})
	g.Expect(walked.Evidence.Snapshot("b").Kept).To(BeNil(), "nobody can tell")

	walked = walkThe(t, w, p, journey.Options{Kept: func(context.Context) ([]evidence.Kept, error) { return nil, errors.New("no such file") }})
	g.Expect(walked.Evidence.Faults).To(Equal([]string{"step b: read what the collector keeps: no such file"}))
}

// TestWhatTheCollectorGivesBackIsRead: pages and documents alike, as they are.
func TestWhatTheCollectorGivesBackIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := consenting(opening("a", "home"), opening("b", "products"))
	p.Pixel.Kept = &scenario.KeptAnswers{Read: []string{"/reports/?site={site}", "/hits?limit=9"}}
	p.Scenario.Expect = []scenario.Expectation{{At: "b", Kept: scenario.KeptAddress, Is: scenario.StateAbsent}}
	w := &world{records: map[string]string{"/reports/?site=two": "<main>2</main>", "/hits?limit=9": `{"hits": []}`}}
	o := journey.Options{Kept: func(context.Context) ([]evidence.Kept, error) {
		return []evidence.Kept{{Name: "store", Data: evidence.Packed("held")}}, nil
	}}
	walked := walkThe(t, w, p, o)
	g.Expect(walked.Evidence.Faults).To(BeEmpty())
	g.Expect(walked.Evidence.Snapshot("a").Kept).To(BeNil())
	g.Expect(walked.Evidence.Snapshot("b").Kept).To(Equal([]evidence.Kept{
		{Name: "store", Data: evidence.Packed("held")},
		{Name: "answer /reports/?site=two", Data: evidence.Packed("<main>2</main>")},
		{Name: "answer /hits?limit=9", Data: evidence.Packed(`{"hits": []}`)},
	}))

	delete(w.records, "/hits?limit=9")
	walked = walkThe(t, w, p, o)
	g.Expect(walked.Evidence.Faults).To(HaveLen(1))
	g.Expect(walked.Evidence.Faults[0]).To(And(
		HavePrefix("step b: "), ContainSubstring("kept.read[1]: read what the collector gives back: "), ContainSubstring("\nhint: name a path")))
}
