package e2e_test

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	g "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/reporters"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/report"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// envCommand names a command that has been built already.
const envCommand = "PIXELWITNESS_E2E_COMMAND"

// binary is the command, built once for all processes of the suite.
var binary string

var _ = g.SynchronizedBeforeSuite(func(g.SpecContext) []byte {
	if built := os.Getenv(envCommand); built != "" {
		return []byte(built)
	}
	path, err := gexec.Build("github.com/pixelwitness/pixelwitness/simulator/cmd/pixelwitness")
	Expect(err).NotTo(HaveOccurred())
	return []byte(path)
}, func(path []byte) { binary = string(path) }, g.NodeTimeout(patience))

var _ = g.SynchronizedAfterSuite(func() {}, func() {
	if os.Getenv(envCommand) == "" {
		gexec.CleanupBuildArtifacts()
	}
})

// start starts the command with a folder of its own for what it leaves on disk;
// it is killed with the spec, if need be.
func start(args ...string) (*gexec.Session, string) {
	g.GinkgoHelper()
	temporary := g.GinkgoT().TempDir()
	command := exec.Command(binary, args...)
	command.Env = append(os.Environ(), "TMPDIR="+temporary)
	session, err := gexec.Start(command, g.GinkgoWriter, g.GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(func() { session.Kill().Wait() })
	return session, temporary
}

// finish awaits the command's end, and expects the exit code and no trace of the
// command but what it was asked for.
func finish(ctx g.SpecContext, session *gexec.Session, temporary string, code int) {
	g.GinkgoHelper()
	Eventually(ctx, session).Should(gexec.Exit(code))
	Expect(profiles(temporary)).To(BeEmpty())
	Expect(said(session)).NotTo(ContainSubstring("\x1b"), "escape codes in a pipe")
}

// pixelwitness runs the command to its end.
func pixelwitness(ctx g.SpecContext, code int, args ...string) *gexec.Session {
	g.GinkgoHelper()
	session, temporary := start(args...)
	finish(ctx, session, temporary, code)
	return session
}

// said is all that the command has said.
func said(session *gexec.Session) string {
	return string(session.Out.Contents()) + string(session.Err.Contents())
}

// readResult reads a result as other programs do.
func readResult(path string) *verdict.Result {
	g.GinkgoHelper()
	f, err := os.Open(path)
	Expect(err).NotTo(HaveOccurred())
	defer f.Close()
	result, err := report.ReadJSON(f)
	Expect(err).NotTo(HaveOccurred())
	return result
}

var _ = g.Describe("pixelwitness run", func() {
	g.It("writes every report, and judge comes to the same verdicts", func(ctx g.SpecContext) {
		dir, files := filepath.Join(g.GinkgoT().TempDir(), "report"), g.GinkgoT().TempDir()
		session := pixelwitness(ctx, 0, "run", "--browser", "shell", "--out", dir, "--json", filepath.Join(files, "result.json"), "--junit", filepath.Join(files, "junit.xml"))
		Expect(session.Out).To(gbytes.Say(`mapp: \d+ scenarios, \d+ clauses, \d+ verdicts: \d+ unsupported, \d+ pass - partial \(unsupported\)\n`))

		result := readResult(filepath.Join(files, "result.json"))
		Expect(result.Scenarios).To(HaveLen(len(reference().Library.ScenariosOf("mapp"))))
		Expect(result.Conformance).To(Equal("partial"))
		cases := map[[2]string]bool{}
		for _, v := range result.Verdicts {
			cases[[2]string{v.Scenario, v.Clause}] = true
			// The headless shell keeps no page to come back to.
			if v.Scenario != "all.back-and-forward" || v.Outcome != verdict.Unsupported {
				Expect(v.Outcome).To(Equal(verdict.Pass), "%s at step %s of %s: %s", v.Clause, v.Step, v.Scenario, v.Observed)
			}
		}
		Expect(result.Browser.Channels).NotTo(BeEmpty())
		Expect(readResult(filepath.Join(dir, "result.json"))).To(Equal(result))
		for _, path := range []string{filepath.Join(files, "junit.xml"), filepath.Join(dir, "junit.xml")} {
			var suites reporters.JUnitTestSuites
			content, err := os.ReadFile(path)
			Expect(err).NotTo(HaveOccurred())
			Expect(xml.Unmarshal(content, &suites)).To(Succeed())
			Expect(suites.Tests).To(Equal(len(cases)))
			Expect(suites.Failures + suites.Errors).To(BeZero())
		}
		for _, s := range result.Scenarios {
			Expect(s.Steps).NotTo(BeEmpty(), s.ID)
			for i, step := range s.Steps {
				// Of a page that is under way or hidden there is none.
				if last := len(s.Steps) - 1; step.Screenshot == "" && i < last && s.ID != optOut {
					continue
				}
				picture, err := os.Open(filepath.Join(dir, step.Screenshot))
				Expect(err).NotTo(HaveOccurred(), "step %s of %s", step.Name, s.ID)
				_, err = png.DecodeConfig(picture)
				Expect(err).NotTo(HaveOccurred(), step.Screenshot)
				Expect(picture.Close()).To(Succeed())
			}
		}

		judged := pixelwitness(ctx, 0, "judge", filepath.Join(dir, "evidence"), "--json", "-")
		again, err := report.ReadJSON(bytes.NewReader(judged.Out.Contents()))
		Expect(err).NotTo(HaveOccurred(), "the standard output is the result alone")
		Expect(again.Verdicts).To(Equal(result.Verdicts))
		Expect(again.Warnings).To(BeEmpty())
	}, g.SpecTimeout(patience))

	g.It("ends with 1 when a promise is broken or nothing is proven, with 0 when all that was asked is kept", func(ctx g.SpecContext) {
		// The silent pixel is waited for in vain; meanwhile others are judged.
		silent, temporary := start("run", optOut, "--fault", "silent")

		g.By("breaking a promise: the report says which, how and where")
		broken := pixelwitness(ctx, 1, "run", optOut, "--fault", "keeps-eid-parameter")
		Expect(broken.Out).To(gbytes.Say(`FAIL +mapp.eid-omitted \(must\) at step anonymous`))
		Expect(broken.Out).To(gbytes.Say(`An anonymous request carries no ever-id in any part of it.`))
		Expect(broken.Out).To(gbytes.Say(`request +\| GET https://collect.vendor.test/111111111111111/wt`))
		Expect(broken.Out).To(gbytes.Say(`\| +&eid=\d{19}\n +\| +\^{23}\n`))
		Expect(broken.Out).To(gbytes.Say(`where +scenarios/(\S+):(\d+)\n`))
		Expect(broken.Out).To(gbytes.Say(`1 fail.* - fail\n`))
		place := regexp.MustCompile(`mapp\.eid-omitted \(must\)(?s:.*?)where +scenarios/(\S+):(\d+)\n`).FindSubmatch(broken.Out.Contents())
		Expect(line(string(place[1]), string(place[2]))).To(ContainSubstring("clause: mapp.eid-omitted"))

		g.By("asking for another clause alone")
		file := filepath.Join(g.GinkgoT().TempDir(), "result.json")
		pixelwitness(ctx, 0, "run", "mapp.nc-sent", "--fault", "keeps-eid-parameter", "--json", file)
		for _, clause := range readResult(file).Clauses {
			Expect(clause.ID).To(Equal("mapp.nc-sent"))
		}

		g.By("running in full Chrome")
		pixelwitness(ctx, 0, "run", optOut, "--browser", "full", "--json", file)
		Expect(readResult(file).Conformance).To(Equal("conformant"))
		Expect(readResult(file).Browser.Kind).To(Equal("full"))
		Expect(readResult(file).Browser.ThirdPartyCookies).To(Equal("blocked"))

		g.By("proving nothing")
		finish(ctx, silent, temporary, 1)
		Expect(silent.Out).To(gbytes.Say(`INCONCLUSIVE  mapp.opt-out\n`))
		Expect(silent.Out).To(gbytes.Say(`the pixel sent nothing in this run`))
		Expect(silent.Out).To(gbytes.Say(`\d+ inconclusive - inconclusive\n`))
	}, g.SpecTimeout(patience))
})

// line returns a line of a file of the built-in data.
func line(file, number string) string {
	g.GinkgoHelper()
	content, err := scenarios.FS.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	n, err := strconv.Atoi(number)
	Expect(err).NotTo(HaveOccurred())
	return strings.Split(string(content), "\n")[n-1]
}

var _ = g.Describe("a mistake on the command line", func() {
	g.DescribeTable("ends with 2 and says what is wrong", func(ctx g.SpecContext, problem string, args ...string) {
		session := pixelwitness(ctx, 2, args...)
		Expect(session.Out.Contents()).To(BeEmpty())
		Expect(session.Err).To(gbytes.Say(`pixelwitness: `))
		Expect(string(session.Err.Contents())).To(ContainSubstring(problem))
	},
		g.Entry("a selector that selects nothing", `nonsense`, "run", "nonsense", g.SpecTimeout(patience)),
		g.Entry("a slip in a selector", `mapp.nc-sent`, "run", "mapp.nc-sen", g.SpecTimeout(patience)),
		g.Entry("an unknown command", `frobnicate`, "frobnicate", g.SpecTimeout(patience)),
		g.Entry("an unknown flag", `--colour`, "run", "--colour", g.SpecTimeout(patience)),
		g.Entry("an unknown pixel", `nobody`, "run", "--pixel", "nobody", g.SpecTimeout(patience)),
		g.Entry("an unknown fault", `did you mean "silent"?`, "run", "--fault", "silence", g.SpecTimeout(patience)),
		g.Entry("a script that is not there", `no-such-file.js`, "run", "--script", "no-such-file.js", g.SpecTimeout(patience)),
		g.Entry("a browser that is not there", `no-such-browser`, "run", "--chrome", "no-such-browser", g.SpecTimeout(patience)),
		g.Entry("no evidence", `no-such-file.ndjson`, "judge", "no-such-file.ndjson", g.SpecTimeout(patience)),
		g.Entry("an address that is none", `--listen`, "serve", "--listen", "nowhere", g.SpecTimeout(patience)),
	)
})
