package population_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/population"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// shopPlan is a plan of a shop with the dialect's pixel.
func shopPlan(config scenario.Config, steps ...scenario.Step) *scenario.Plan {
	return &scenario.Plan{
		Scenario: &scenario.Scenario{ID: "antsomi.made-up", Document: "antsomi", Config: config, Journey: steps},
		Pixel: &scenario.Pixel{
			Name: "antsomi", Document: "antsomi", Settings: map[string]string{"portal-id": "33167", "prop-id": "556301"},
			Stage:    scenario.Stage{Site: "www.shop.test", Collector: "collect.vendor.test", Scripts: "cdn.vendor.test"},
			Pages:    map[string]string{"home": "/", "account": "/account"},
			Actions:  map[string]scenario.Action{"sign-in": {Click: "#a"}, "sign-out": {Click: "#b"}, "act": {Click: "#c"}, "change": {Click: "#d"}},
			Requests: scenario.Requests{Path: "^/event$"},
		},
	}
}

func config() scenario.Config {
	return scenario.Config{
		Customer:   map[string]string{scenario.RoleEmail: "sam@shop.test", scenario.RolePhone: "+442079460001"},
		Changes:    []map[string]string{{scenario.RolePhone: "+442079460002"}},
		Attributes: map[string]string{"favourite": "shoes"},
	}
}

// took notes the events that reach a collector, in order.
type took struct{ events []event }

func (k *took) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var e event
		if json.NewDecoder(r.Body).Decode(&e) == nil {
			k.events = append(k.events, append(e.Events, e)[:max(len(e.Events), 1)]...)
		}
		return
	}
	q := r.URL.Query()
	e := event{EC: q.Get("ec"), EA: q.Get("ea"), UID: q.Get("uid"), DID: q.Get("did"), MID: q.Get("mid")}
	_ = json.Unmarshal([]byte(q.Get("dims")), &e.Dims)
	_ = json.Unmarshal([]byte(q.Get("extra")), &e.Extra)
	k.events = append(k.events, e)
}

// names are the actions of the events, in order.
func (k *took) names() string {
	var names []string
	for _, e := range k.events {
		names = append(names, e.EA)
	}
	return strings.Join(names, " ")
}

// play walks the plan and returns what reached the collector, and the evidence.
func play(t *testing.T, plan *scenario.Plan) (*took, *evidence.Evidence) {
	t.Helper()
	now := noon
	clock := func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}
	k := &took{}
	NewWithT(t).Expect(population.Playable(plan)).To(Succeed())
	stage := population.Stage{Plan: plan, Through: population.Handled(k), Now: clock, ID: population.IDs(1)}
	walked := journey.Walk(t.Context(), plan, stage.Opener(), journey.Options{Now: clock})
	return k, walked.Evidence
}

func lifetime(t *testing.T, text string) scenario.Lifetime {
	t.Helper()
	l, err := scenario.ParseLifetime(text)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return l
}

func TestAJourneyIsPlayedAsTheSitesPageWould(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	k, e := play(t, shopPlan(config(),
		scenario.Step{Name: "home", Open: "home"},
		scenario.Step{Name: "acting", Do: "act"},
		scenario.Step{Name: "back", Open: "home", Day: 3},
		scenario.Step{Name: "known", Open: "account"},
		scenario.Step{Name: "changed", Do: "change"},
		scenario.Step{Name: "out", Do: "sign-out"},
		scenario.Step{Name: "later", Open: "home", After: lifetime(t, "1m")},
		scenario.Step{Name: "elsewhere", Open: "account", Device: "second"},
	))
	expect.Expect(e.Faults).To(BeEmpty())
	expect.Expect(k.names()).To(Equal("view act view view identify identify view view identify"))
	ids := func(i int) [2]string { return [2]string{k.events[i].UID, k.events[i].DID} }
	expect.Expect(ids(1)).To(Equal(ids(0)))
	expect.Expect(k.events[2].UID).NotTo(Equal(k.events[1].UID), "a visit of another day")
	expect.Expect(k.events[2].DID).To(Equal(k.events[1].DID), "in the same browser")
	expect.Expect(ids(5)).To(Equal(ids(2)))
	expect.Expect(k.events[6].UID).NotTo(Equal(k.events[5].UID), "reset")
	expect.Expect(k.events[6].DID).NotTo(Equal(k.events[5].DID), "reset")
	expect.Expect(k.events[7].DID).NotTo(Equal(k.events[6].DID), "another browser")
	expect.Expect(k.events[1].Dims["users"]).To(Equal(map[string]string{"favourite": "shoes"}))
	expect.Expect(k.events[4].Dims["customers"]).To(HaveKeyWithValue("email", "sam@shop.test"))
	expect.Expect(k.events[5].Dims["customers"]).To(And(HaveKeyWithValue("phone", "+442079460002"), Not(HaveKey("email"))))
	first, second := k.events[4].Extra["identify_id"], k.events[8].Extra["identify_id"]
	expect.Expect(first).To(Equal(shopPlan(config()).CustomerID()))
	expect.Expect(second).NotTo(Equal(first), "another person")
	for i, step := range e.Steps {
		expect.Expect(step.Fenced).To(BeTrue(), step.Name)
		expect.Expect(step.Problem).To(BeEmpty())
		expect.Expect(e.Snapshots[i].Step).To(Equal(step.Name))
	}
	expect.Expect(e.Requests).To(HaveLen(9))
	for i, r := range e.Requests {
		expect.Expect(r.Seq).To(Equal(i + 1))
		expect.Expect(r.Purpose).To(Equal("collector"))
		expect.Expect(r.Status).To(Equal(http.StatusOK))
	}
}

func TestHitsComeLateInTurnAndTwice(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	k, e := play(t, shopPlan(config(),
		scenario.Step{Name: "home", Open: "home"},
		scenario.Step{Name: "acting", Do: "act", Collector: "late"},
		scenario.Step{Name: "known", Do: "sign-in"},
		scenario.Step{Name: "again", Do: "change", Collector: "twice"},
		scenario.Step{Name: "end", Open: "account", Collector: "late"},
	))
	expect.Expect(e.Faults).To(BeEmpty())
	expect.Expect(k.names()).To(Equal("view sign_in act identify identify identify view"), "the journey's end brings what is still late")
	expect.Expect(k.events[3].MID).To(Equal(k.events[4].MID))
	expect.Expect(e.Requests).To(HaveLen(6), "the tracker sent each once")
}

// saying answers each hit in turn.
func saying(answers ...func(http.ResponseWriter)) http.Handler {
	asked := 0
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked <= len(answers) {
			answers[asked-1](w)
		}
	})
}

// What a collector says to a copy, or to a hit that comes late, is no fault of the run
// but where it fails; and a hit that it has taken once stays taken.
func TestWhatACollectorSaysToCopiesAndLateHits(t *testing.T) {
	t.Parallel()
	refusing := func(w http.ResponseWriter) { w.Header().Set(population.RefusedHeader, "no") }
	conflict := func(w http.ResponseWriter) { w.WriteHeader(http.StatusConflict) }
	failing := func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }
	taking := func(http.ResponseWriter) {}
	for _, test := range []struct {
		name, mode string
		answers    []func(http.ResponseWriter)
		refused    string
		fault      bool
	}{
		{"a copy that is known", scenario.CollectorTwice, []func(http.ResponseWriter){taking, conflict}, "", false},
		{"a copy that is refused", scenario.CollectorTwice, []func(http.ResponseWriter){taking, refusing}, "", false},
		{"a hit that is refused first", scenario.CollectorTwice, []func(http.ResponseWriter){refusing, taking}, "", false},
		{"a hit that is refused twice", scenario.CollectorTwice, []func(http.ResponseWriter){refusing, conflict}, "no", false},
		{"a copy that fails", scenario.CollectorTwice, []func(http.ResponseWriter){taking, failing}, "", true},
		{"a late one that is refused", scenario.CollectorLate, []func(http.ResponseWriter){refusing}, "no", false},
		{"a late one that is known", scenario.CollectorLate, []func(http.ResponseWriter){conflict}, "it answered 409", false},
		{"a late one that is taken", scenario.CollectorLate, []func(http.ResponseWriter){taking}, "", false},
		{"a late one that fails", scenario.CollectorLate, []func(http.ResponseWriter){failing}, "", true},
	} {
		expect := NewWithT(t)
		plan := shopPlan(config(), scenario.Step{Name: "home", Open: "home", Collector: test.mode})
		stage := population.Stage{Plan: plan, Through: population.Handled(saying(test.answers...))}
		e := journey.Walk(t.Context(), plan, stage.Opener(), journey.Options{}).Evidence
		expect.Expect(len(e.Faults) > 0).To(Equal(test.fault), "%s: %q", test.name, e.Faults)
		expect.Expect(e.Requests).To(HaveLen(1), test.name)
		expect.Expect(e.Requests[0].Refused).To(Equal(test.refused), test.name)
		if !test.fault {
			expect.Expect(e.Requests[0].Status).To(Equal(http.StatusOK), test.name)
		}
	}
}

func TestABatchIsSentWhenItIsDue(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	batched := config()
	batched.Delivery = scenario.DeliveryBatched
	k, e := play(t, shopPlan(batched,
		scenario.Step{Name: "home", Open: "account"},
		scenario.Step{Name: "acting", Do: "act", Ends: scenario.EndsAtOnce},
		scenario.Step{Name: "out", Do: "sign-out", Ends: scenario.EndsAtOnce},
		scenario.Step{Name: "anonymous", Do: "act"},
	))
	expect.Expect(e.Faults).To(BeEmpty())
	expect.Expect(k.names()).To(Equal("view identify act act"))
	expect.Expect(e.Requests).To(HaveLen(3))
	expect.Expect(k.events[3].UID).NotTo(Equal(k.events[2].UID), "what waited went as what it was")
	expect.Expect(k.events[2].UID).To(Equal(k.events[1].UID))
}

func TestAnEmptiedJarMakesAnotherVisitorOfTheSamePerson(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	k, _ := play(t, shopPlan(config(),
		scenario.Step{Name: "home", Open: "home"},
		scenario.Step{Name: "emptied", Open: "account", Forget: []string{scenario.StoreCookies}},
		scenario.Step{Name: "other", Open: "account", Person: scenario.PersonSecond},
	))
	expect.Expect(k.events[1].DID).NotTo(Equal(k.events[0].DID))
	expect.Expect(k.events[4].DID).To(Equal(k.events[1].DID))
	expect.Expect(k.events[4].Extra["identify_id"]).NotTo(Equal(k.events[2].Extra["identify_id"]))
}

func TestWhatNeedsABrowserIsNotPlayed(t *testing.T) {
	t.Parallel()
	for _, step := range []scenario.Step{
		{Script: scenario.ScriptHeld}, {Network: scenario.NetworkOffline}, {Collector: scenario.CollectorFailing}, {Tab: scenario.TabFrozen},
		{Collector: scenario.CollectorSlow},
	} {
		step.Name = "odd"
		NewWithT(t).Expect(population.Playable(shopPlan(config(), step))).To(MatchError(ContainSubstring("the step odd needs a browser")))
	}
	other := shopPlan(config())
	other.Pixel.Document = "mapp"
	NewWithT(t).Expect(population.Playable(other)).To(MatchError(ContainSubstring("nobody plays the tracker of mapp")))
}

func TestACollectorThatFailsIsAFaultOfTheRun(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	plan := shopPlan(config(), scenario.Step{Name: "home", Open: "home"})
	stage := population.Stage{Plan: plan, Through: population.Handled(http.NotFoundHandler())}
	walked := journey.Walk(t.Context(), plan, stage.Opener(), journey.Options{})
	expect.Expect(walked.Evidence.Faults).To(ContainElement(ContainSubstring("the collector answered 404")))
}
