package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/geo"
	"github.com/pixelwitness/pixelwitness/simulator/crowd"
)

// few are flags of a small crowd.
func few(args ...string) []string {
	return append([]string{"population", "--visitors", "150", "--days", "6"}, args...)
}

func TestAPopulationHoldsTheReferencesReportsAgainstTheTruth(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	out := filepath.Join(t.TempDir(), "report")
	e := do(t, few("--site", "Shop", "--site", "Old shop=off", "--reading", "after-the-last-event", "--sweep", "--out", out)...).want(t, 0)
	expect.Expect(e.out).To(And(
		ContainSubstring("Shop: anonymous data tracking on, "), ContainSubstring("Old shop: anonymous data tracking off, "),
		ContainSubstring("temporary cookie gone after the last event"), ContainSubstring("What the rate of consent does"),
		MatchRegexp(`\nall [0-9,]+ equalities hold\n`), ContainSubstring("report: "+filepath.Join(out, "table.txt"))))
	expect.Expect(e.err).To(And(MatchRegexp(`(?m)^[1-9]0 % played$`), MatchRegexp(`(?m)^[1-9]0 % of the sweep played$`)))
	expect.Expect(e.out).To(MatchRegexp(`played 1,650 browsers, .* for the sweep\n`))
	for _, name := range []string{"visitors-1-shop.svg", "visitors-1-shop.png", "visitors-2-old-shop.svg", "overstatement.svg", "overstatement.png"} {
		expect.Expect(filepath.Join(out, name)).To(BeAnExistingFile())
	}
	table, err := os.ReadFile(filepath.Join(out, "table.txt"))
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(e.out).To(HavePrefix(string(table)))
	text, err := os.ReadFile(filepath.Join(out, "report.json"))
	expect.Expect(err).NotTo(HaveOccurred())
	var r crowd.Result
	expect.Expect(json.Unmarshal(text, &r)).To(Succeed())
	expect.Expect(r.Sweep).To(HaveLen(len(crowd.SweepRates())))
	expect.Expect(r.Sites).To(HaveLen(2))
}

func TestAPopulationLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder) // so it runs alone
	do(t, few()...).want(t, 0)
	do(t, few("--fault", "counts-a-session-twice")...).want(t, 1)
	left, err := os.ReadDir(folder)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(left).To(BeEmpty())
}

func TestAPopulationFindsABrokenCollector(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"counts-a-session-twice":                "sessions in total: the report says",
		"counts-a-page-view-twice":              "page views in total",
		"rounds-session-time-up":                "session time in total",
		"counts-returning-visitors-as-new":      "new visitors in total",
		"joins-anonymous-sessions-by-address":   "new visitors in total",
		"stays-anonymous-after-the-agreement":   "sessions",
		"ends-sessions-after-ten-minutes":       "sessions in total",
		"finds-the-place-by-the-masked-address": "sessions from ",
		"takes-every-site-for-on":               "Old shop: sessions",
		"stores-what-comes-though-it-is-off":    "Old shop: sessions of anonymous visitors",
		"leaves-one-octet":                      "show more of an address than zeros",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := do(t, few("--store", "memory", "--site", "Shop", "--site", "Old shop=off", "--fault", name, "--json", "-")...).want(t, 1)
			var r crowd.Result
			NewWithT(t).Expect(json.Unmarshal([]byte(e.out), &r)).To(Succeed(), "the standard output is the machine's")
			var said []string
			for _, b := range r.Breaches {
				said = append(said, b.String())
			}
			NewWithT(t).Expect(strings.Join(said, "\n")).To(ContainSubstring(want))
			NewWithT(t).Expect(e.err).To(ContainSubstring("equalities do not hold:"))
		})
	}
}

func TestAPopulationIsPlayedIntoACollectorElsewhere(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	places, err := geo.Example()
	expect.Expect(err).NotTo(HaveOccurred())
	c, err := collector.New(collector.Options{Token: "secret", Geo: places})
	expect.Expect(err).NotTo(HaveOccurred())
	server := httptest.NewServer(c.Handler())
	t.Cleanup(func() { server.Close(); _ = c.Close() })
	token := filepath.Join(t.TempDir(), "token")
	expect.Expect(os.WriteFile(token, []byte("secret\n"), 0o600)).To(Succeed())
	do(t, few("--collector", server.URL, "--token-file", token)...).want(t, 0)
	e := do(t, few("--collector", server.URL, "--token-file", token)...).want(t, 2)
	expect.Expect(e.err).To(MatchRegexp(`pixelwitness: --seed: the collector has [0-9]+ sessions of the site Shop in these days already\nhint: another --seed`))
	do(t, few("--collector", server.URL, "--token-file", token, "--seed", "2")...).want(t, 0)
	e = do(t, few("--collector", server.URL)...).want(t, 2)
	expect.Expect(e.err).To(ContainSubstring("hint: --token-env or --token-file gives its token"))
	sites, err := c.Sites(t.Context())
	expect.Expect(err).NotTo(HaveOccurred())
	names := map[string]int{}
	for _, s := range sites {
		names[s.Name]++
	}
	expect.Expect(names).To(And(HaveKeyWithValue("Shop", 1), HaveKeyWithValue("Shop, seed 1 from 2026-03-02", 1), HaveKeyWithValue("Shop, seed 2 from 2026-03-02", 1)))
	server.Close()
	e = do(t, few("--collector", server.URL, "--token-file", token)...).want(t, 3)
	expect.Expect(e.err).To(ContainSubstring("hint: no collector answers there"))
}

func TestAPopulationIsKeptInAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "collector.db")
	do(t, few("--store", file)...).want(t, 0)
	if info, err := os.Stat(file); err != nil || info.Size() == 0 {
		t.Errorf("nothing was kept: %v", err)
	}
	do(t, few("--store", file)...).want(t, 2)
	do(t, few("--store", file, "--start", "2026-06-01")...).want(t, 0)
}

// What a former run has drawn and this one has not is removed, and nothing else.
func TestNoPlotOfAFormerRunIsLeft(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	out := t.TempDir()
	for _, name := range []string{"visitors-2019.png", "overstatement.txt", "notes"} {
		expect.Expect(os.WriteFile(filepath.Join(out, name), []byte("a stranger's"), 0o644)).To(Succeed())
	}
	do(t, few("--visitors", "30", "--sweep", "--site", "A", "--site", "B", "--out", out)...).want(t, 0)
	expect.Expect(filepath.Join(out, "overstatement.png")).To(BeAnExistingFile())
	do(t, few("--visitors", "30", "--out", out)...).want(t, 0)
	left, err := os.ReadDir(out)
	expect.Expect(err).NotTo(HaveOccurred())
	var names []string
	for _, f := range left {
		names = append(names, f.Name())
	}
	expect.Expect(names).To(ConsistOf("notes", "overstatement.txt", "report.json", "table.txt", "visitors-2019.png", "visitors.png", "visitors.svg"))
}

func TestASecondSignalIsToldFromTheFirst(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	told, done := make(chan os.Signal), make(chan struct{})
	stopped := false
	hurry := second(told, done, func() { stopped = true })
	told <- os.Interrupt
	expect.Expect(hurry).NotTo(BeClosed())
	told <- os.Interrupt
	expect.Eventually(hurry).Should(BeClosed())
	expect.Expect(stopped).To(BeTrue())
	close(done)
}

// The example that the help shows is a file that can be played.
func TestTheHelpShowsAFileThatCanBePlayed(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	expect.Expect(do(t, "population", "--help").want(t, 0).out).To(And(
		ContainSubstring("  agree: 40%  "), ContainSubstring("  - Old shop=off"), ContainSubstring("NAME, NAME=on or NAME=off")))
	file := filepath.Join(t.TempDir(), "crowd.yaml")
	expect.Expect(os.WriteFile(file, []byte(exampleCrowd), 0o644)).To(Succeed())
	e := do(t, "population", "--config", file, "--visitors", "60", "--store", "memory").want(t, 0)
	expect.Expect(e.out).To(And(ContainSubstring("Old shop: anonymous data tracking off"), ContainSubstring("New shop: anonymous data tracking on")))
}

func TestThePopulationsFaultsAreListed(t *testing.T) {
	t.Parallel()
	NewWithT(t).Expect(do(t, "population", "--fault", "list").want(t, 0).out).To(And(
		MatchRegexp(`(?m)^counts-a-session-twice +The report`), Not(ContainSubstring("sends-eid"))))
	said := do(t, "population", "--fault", "counts-a-sesion-twice").want(t, 2).err
	NewWithT(t).Expect(said).To(Equal("pixelwitness: --fault: no such fault: \"counts-a-sesion-twice\"\nhint: did you mean \"counts-a-session-twice\"?\n"))
	said = do(t, "population", "--fault", "nonsense").want(t, 2).err
	NewWithT(t).Expect(said).To(And(ContainSubstring("leaves-one-octet"), Not(ContainSubstring("sends-eid"))))
}

// interrupt ends the context once something of the kind has been written.
type interrupt struct {
	bytes.Buffer
	at   string
	stop context.CancelFunc
}

func (i *interrupt) Write(p []byte) (int, error) {
	n, err := i.Buffer.Write(p)
	if strings.Contains(i.String(), i.at) {
		i.stop()
	}
	return n, err
}

func TestAPopulationThatIsBrokenOffReportsWhatItHas(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out bytes.Buffer
	told := &interrupt{at: "10 % played", stop: stop}
	code := run(ctx, []string{"population", "--visitors", "20000", "--days", "6", "--store", "memory", "--sweep"}, streams{strings.NewReader(""), &out, told})
	expect.Expect(code).To(Equal(3))
	expect.Expect(out.String()).To(And(
		MatchRegexp(`stopped: [0-9,]+ of 20,000 browsers had been played`), MatchRegexp(`all [0-9,]+ equalities hold`),
		Not(ContainSubstring("What the rate of consent"))))
	expect.Expect(told.String()).To(ContainSubstring("pixelwitness: the run was broken off: "))
}

func TestAFileOfACrowdComesBeforeDefaultsAndAfterFlags(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	file := filepath.Join(t.TempDir(), "crowd.yaml")
	expect.Expect(os.WriteFile(file, []byte("visitors: 90\ndays: 5\nagree: 100%\nsites: [{name: From the file, anonymous-tracking: true}]\n"), 0o644)).To(Succeed())
	e := do(t, "population", "--store", "memory", "--config", file, "--days", "4", "--json", "-").want(t, 0)
	var r crowd.Result
	expect.Expect(json.Unmarshal([]byte(e.out), &r)).To(Succeed())
	expect.Expect([]any{r.Crowd.Visitors, r.Crowd.Days, r.Crowd.Agree, r.Sites[0].Name}).To(Equal([]any{90, 4, 1.0, "From the file"}))
	expect.Expect(os.WriteFile(file, []byte("visitors: 90\nday: 5\n"), 0o644)).To(Succeed())
	e = do(t, "population", "--config", file).want(t, 2)
	expect.Expect(e.err).To(Equal(fmt.Sprintf("pixelwitness: %s:2:1: unknown key \"day\"\nhint: did you mean \"days\"?\n", file)))
}

func TestMistakesInThePopulationsFlags(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--visitors", "0"}, "--visitors: want 1 to 10000000, found 0"},
		{[]string{"--visitor", "5"}, `hint: did you mean "--visitors"?`},
		{[]string{"--agree", "140%"}, `want a share from 0 to 100%, found "140%": write it as 40% or 0.4`},
		{[]string{"--agree", "30"}, `want a share from 0 to 100%, found "30": write it as 30% or 0.3`},
		{[]string{"--start", "2001-09-09"}, "--start: want a day from 2001-09-10 on, found 2001-09-09\nhint: a hit says when"},
		{[]string{"--start", "2286-11-01"}, "--start: the crowd would come until 2286-11-29, and no later than"},
		{[]string{"--parallel", "100000"}, "--parallel 100000: from 1 to 256 requests can be under way"},
		{[]string{"--agree", "70%", "--disagree", "60%"}, "--disagree: 70 % agree and 60 % disagree, which is more than all\nhint: the rest ignores the window"},
		{[]string{"--start", "monday"}, "--start: \"monday\" is no day\nhint: such as 2026-03-02"},
		{[]string{"--reading", "after-it-was"}, "hint: did you mean \"after-it-was-set\"?"},
		{[]string{"--site", "Shop=maybe"}, `--site: "Shop=maybe": anonymous data tracking is on or off`},
		{[]string{"--site", "A", "--site", "A"}, `--site: the site "A" stands twice`},
		{[]string{"--fault", "none-such"}, "none-such"},
		{[]string{"--fault", "sends-eid"}, "fault"},
		{[]string{"--store", "mysql://x"}, "--store: there is no store of the kind mysql"},
		{[]string{"--collector", "nowhere"}, "--collector nowhere: want an absolute URL"},
		{[]string{"--collector", "http://127.0.0.1:1", "--store", "memory"}, "--store is about the reference collector in this process"},
		{[]string{"--token-env", "X"}, "a token is for a collector elsewhere"},
		{[]string{"--parallel", "0"}, "--parallel 0: from 1 to 256 requests"},
		{[]string{"--out", "-"}, "--out -: only --json"},
		{[]string{"extra"}, "extra"},
	} {
		e := do(t, append([]string{"population"}, test.args...)...).want(t, 2)
		NewWithT(t).Expect(e.err).To(ContainSubstring(test.want), "%q", test.args)
	}
}
