package scenario

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	. "github.com/onsi/gomega"
)

// consentPixel and consentScenario use all that a pixel and a scenario can say of
// consent, of sites and of where visitors come from.
const (
	consentPixel = `name: demo
title: Demo pixel
document: demo
features: [consent-window, anonymous-sessions, site-settings, read-back, session-read-back, kept-read-back]
script: tracker.js
settings: {track-id: "7", site: plain, site.off: never, site.administered: changed}
readings: {temporary-cookie: after-it-was-set}
stage: {site: www.shop.test, collector: collect.vendor.test, scripts: cdn.vendor.test, path: /t.js, console: app.vendor.test, settings: /consent/}
pages: {home: /, products: /products}
console: {administration: /admin/}
actions:
  agree: {click: "#agree"}
  agree-later: {click: "#again", then: ["#agree"]}
  disagree-later: {click: "#again", then: ["#disagree"]}
  dismiss: {click: "#close"}
  act: {click: "#act"}
  switch-on: {click: "#menu", then: ["#sites", "#site-{site}"], until: "#saved-{site}"}
requests: {path: ^/hit$}
parameters: {visitor-id: vid, session-id: ses, customer-id: cust}
cookies: {visitor-id: "v.{site}", choice: {name: "pick_{site}", set: "1"}}
records:
  sessions: {path: "/api/report?site={site}&as=json", value: total.sessions}
  session-time: {path: "/api/{site}/report", value: total.seconds}
sessions:
  path: "/api/{site}/sessions?limit=1"
  each: "$.sessions[*]"
  values: {id: $.id, began: $.began, ended: $.ended, page-views: $.views, address: $.from, country: $.country, city: $.city, visitor-id: $.visitor}
`
	consentScenario = `id: demo.opt-out
title: A visitor agrees later
document: demo
requires: [consent-window, anonymous-sessions, site-settings, read-back, session-read-back, kept-read-back]
reading: {temporary-cookie: after-the-last-event}
config:
  customer: {customer-id: "4711"}
  site: administered
  origins: {berlin: {address: 192.0.2.10, country: Germany, city: Berlin}, elsewhere: {address: "2001:db8::10"}}
journey:
  - {step: before, device: office, open: administration}
  - {step: ignoring, device: first, from: berlin, open: home}
  - {step: half-an-hour, after: 29m}
  - {step: closing, do: dismiss}
  - {step: agreeing, from: elsewhere, do: agree-later}
  - {step: switching, device: office, do: switch-on}
  - {step: another, device: second, open: home}
expect:
  - {at: ignoring, record: sessions, is: grown, by: 1, clause: demo.flag-sent}
  - {at: half-an-hour, record: sessions, is: untouched, clause: demo.flag-sent}
  - {at: half-an-hour, request: any, is: absent, clause: demo.flag-sent}
  - {at: half-an-hour, cookie: any, is: absent, clause: demo.flag-sent}
  - {at: ignoring, session: address, is: masked, clause: demo.flag-sent}
  - {at: ignoring, session: country, is: given, clause: demo.flag-sent}
  - {at: ignoring, session: visitor-id, is: absent, clause: demo.flag-sent}
  - {at: ignoring, kept: address, is: absent, clause: demo.flag-sent}
  - {at: ignoring, kept: session-id, is: absent, clause: demo.flag-sent}
  - {at: agreeing, session: visitor-id, is: present, clause: demo.flag-sent}
  - {at: agreeing, record: session-time, is: grown, by: 29m, clause: demo.flag-sent}
`
)

// consentLibrary is the library of the tests with the pixel and the scenario above.
func consentLibrary(t testing.TB, scenario, pixel string) (*Library, error) {
	t.Helper()
	files := libraryFiles(t)
	files["demo/opt-out.yaml"] = &fstest.MapFile{Data: []byte(scenario)}
	files["pixels/demo/pixel.yaml"] = &fstest.MapFile{Data: []byte(pixel)}
	return Load(files, "scenarios")
}

func consentPlan(t testing.TB) *Plan {
	t.Helper()
	lib, err := consentLibrary(t, consentScenario, consentPixel)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Bind(lib, lib.Scenario("demo.opt-out"), lib.Pixel("demo"))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestASiteHasSettingsOfItsOwn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := consentPlan(t)
	site, ok := plan.Setting("site")
	g.Expect(site).To(Equal("changed"))
	g.Expect(ok).To(BeTrue())
	id, ok := plan.Setting("track-id")
	g.Expect(id).To(Equal("7"), "what the site has no own of is that of all")
	g.Expect(ok).To(BeTrue())
	_, ok = plan.Setting("nothing")
	g.Expect(ok).To(BeFalse())
	g.Expect(plan.CookieName(RoleVisitorID).Name).To(Equal("v.changed"))
	g.Expect(plan.CookieName(RoleChoice)).To(Equal(Name{Name: "pick_changed", Set: "1"}))
	record, ok := plan.Record(RecordSessions)
	g.Expect(ok).To(BeTrue())
	g.Expect(record).To(Equal(Record{Path: "/api/report?site=changed&as=json", Value: "total.sessions"}))
	_, ok = plan.Record(RecordEvents)
	g.Expect(ok).To(BeFalse())
	g.Expect(plan.Action(ActionSwitchOn)).To(Equal(Action{Click: "#menu", Then: []string{"#sites", "#site-changed"}, Until: "#saved-changed"}))
	g.Expect(plan.Pixel.Actions[ActionSwitchOn].Then[1]).To(Equal("#site-{site}"), "the pixel's own description stays")
	g.Expect(plan.Filled("{id} {site}{")).To(Equal("{id} changed{"))
	g.Expect(plan.Pixel.ConsoleURL("administration")).To(Equal("https://app.vendor.test/admin/"))
	g.Expect(plan.Pixel.ConsoleURL("home")).To(BeEmpty())

	plain := *plan.Scenario
	plain.Config.Site = ""
	site, _ = (&Plan{Scenario: &plain, Pixel: plan.Pixel}).Setting("site")
	g.Expect(site).To(Equal("plain"))
}

func TestAPageSeesTheSettingsOfItsSite(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := consentPlan(t)
	plan.Pixel.page = newSource("page").parsePage([]byte(`{{.Setting "site"}} {{.Optional "nothing"}}{{.Reading "temporary-cookie"}}`))
	html, err := RenderPage(plan, "home", PageData{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(html)).To(Equal("changed after-it-was-set"))
	plan.Pixel.page = newSource("page").parsePage([]byte(`{{.Reading "temporary"}}`))
	_, err = RenderPage(plan, "home", PageData{})
	g.Expect(err).To(MatchError(ContainSubstring(`no wording is called "temporary"`)))
}

func TestASiteThatThePixelDoesNotHave(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib, err := consentLibrary(t, strings.Replace(consentScenario, "site: administered", "site: off", 1), strings.Replace(consentPixel, ", site.off: never", "", 1))
	g.Expect(err).NotTo(HaveOccurred())
	_, err = Bind(lib, lib.Scenario("demo.opt-out"), lib.Pixel("demo"))
	g.Expect(err).To(MatchError(And(ContainSubstring(`the pixel demo has no site "off"`), ContainSubstring("hint: add a setting such as site.off at scenarios/pixels/demo/pixel.yaml:6"))))
}

func TestTheOfficeOpensTheConsolesPages(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib, err := consentLibrary(t, strings.Replace(consentScenario, "device: office, open: administration", "device: office, open: home", 1), consentPixel)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = Bind(lib, lib.Scenario("demo.opt-out"), lib.Pixel("demo"))
	g.Expect(err).To(MatchError(ContainSubstring(`the pixel demo names no page "home"`)))
	lib, err = consentLibrary(t, strings.Replace(consentScenario, "from: berlin, open: home", "from: berlin, open: administration", 1), consentPixel)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = Bind(lib, lib.Scenario("demo.opt-out"), lib.Pixel("demo"))
	g.Expect(err).To(MatchError(ContainSubstring(`the pixel demo names no page "administration"`)))
}

func TestWhereADeviceSendsFrom(t *testing.T) {
	t.Parallel()
	sc := consentPlan(t).Scenario
	for i, want := range []string{"", "berlin", "berlin", "berlin", "elsewhere", "", ""} {
		name, origin := sc.OriginAt(i)
		if name != want || origin != sc.Config.Origins[want] {
			t.Errorf("step %s is from %q, %+v; want %q", sc.Journey[i].Name, name, origin, want)
		}
	}
	if name, _ := sc.OriginAt(100); name != "" {
		t.Errorf("beyond the end: %q", name)
	}
}

func TestTheWordsOfConsent(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, do := range []string{ActionAgree, ActionDisagree, ActionAgreeLater, ActionDisagreeLater} {
		g.Expect(Step{Do: do}.Chooses()).To(BeTrue(), do)
	}
	for _, do := range []string{ActionDismiss, ActionSwitchOn, ActionSwitchOff, ActionAct} {
		g.Expect(Step{Do: do}.Chooses()).To(BeFalse(), do)
	}
	g.Expect(Step{Do: ActionSwitchOff}.Administers()).To(BeTrue())
	g.Expect(Step{Do: ActionAgree}.Administers()).To(BeFalse())
	g.Expect(Step{From: "berlin", After: must(ParseLifetime("29m"))}.Conditions()).To(Equal([]string{"after 29m", "from berlin"}))
	plan := consentPlan(t)
	g.Expect(plan.Scenario.Silent("half-an-hour")).To(BeTrue())
	g.Expect(plan.Scenario.Silent("ignoring")).To(BeFalse())
	g.Expect(plan.ReadsSession()).To(BeTrue())
	g.Expect(plan.ReadsKept()).To(Equal([]string{"ignoring"}))
	plan.Only = map[string]bool{"demo.other": true}
	g.Expect(plan.ReadsSession()).To(BeFalse())
	g.Expect(plan.ReadsKept()).To(BeEmpty())
}

// What an expectation of one subject wants and the pixel lacks is told of it alone.
func TestWhatASessionAndWhatIsKeptLack(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := &Plan{Scenario: &Scenario{}, Pixel: &Pixel{}}
	g.Expect(plan.Lacks(&Expectation{Session: SessionCity})).To(Equal(FeatureSessionReadBack))
	g.Expect(plan.Lacks(&Expectation{Kept: KeptAddress})).To(Equal(FeatureKeptReadBack))
	g.Expect(plan.Lacks(&Expectation{Request: RequestAny})).To(BeEmpty())
	plan = consentPlan(t)
	for i := range plan.Scenario.Expect {
		g.Expect(plan.Lacks(&plan.Scenario.Expect[i])).To(BeEmpty())
	}
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Amount{
		"1": {Text: "1", Count: 1}, "12": {Text: "12", Count: 12}, "10m": {Text: "10m", Span: 10 * time.Minute}, "2h": {Text: "2h", Span: 2 * time.Hour},
	} {
		got, err := ParseAmount(text)
		if err != nil || got != want || got.IsZero() {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		var back Amount
		written, _ := got.MarshalText()
		if err := back.UnmarshalText(written); err != nil || back != want {
			t.Errorf("%q comes back as %+v, %v", text, back, err)
		}
	}
	for _, text := range []string{"", "0", "01", "-1", "1.5", "m", "0m", "1 m", "99999999", "12w"} {
		if got, err := ParseAmount(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

// A scenario that is written is read again as it was.
func TestConsentIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	lib, err := consentLibrary(t, consentScenario, consentPixel)
	if err != nil {
		t.Fatal(err)
	}
	sc := lib.Scenario("demo.opt-out")
	written := Format(sc)
	back, err := lib.ReadScenario(written, "scenarios/demo/opt-out.yaml")
	if err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	ignored := cmp.Options{
		cmpopts.IgnoreFields(Scenario{}, "File", "Digest", "Where"), cmpopts.IgnoreFields(Step{}, "Where"), cmpopts.IgnoreFields(Expectation{}, "Where"),
	}
	if diff := cmp.Diff(sc, back, ignored); diff != "" {
		t.Errorf("it comes back otherwise (-was +is):\n%s\n%s", diff, written)
	}
	if validate(compiled(t, "scenario"), written) != nil || validate(compiled(t, "pixel"), []byte(consentPixel)) != nil {
		t.Errorf("the schemas refuse it: %v, %v", validate(compiled(t, "scenario"), written), validate(compiled(t, "pixel"), []byte(consentPixel)))
	}
}
