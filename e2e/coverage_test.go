package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/coverage"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// copiedData copies the built-in data to the disk, where a spec can change it.
func copiedData() string {
	g.GinkgoHelper()
	folder := filepath.Join(g.GinkgoT().TempDir(), "data")
	Expect(os.CopyFS(folder, scenarios.FS)).To(Succeed())
	return folder
}

// only leaves but these scenarios in a folder of data.
func only(folder string, keep ...string) {
	g.GinkgoHelper()
	lib, err := scenario.Load(os.DirFS(folder), "data")
	Expect(err).NotTo(HaveOccurred())
	for _, s := range lib.Scenarios {
		if !slices.Contains(keep, s.ID) {
			Expect(os.Remove(fileOf(folder, s.ID))).To(Succeed())
		}
	}
}

// fileOf is the file of a scenario in a folder of data.
func fileOf(folder, id string) string {
	return filepath.Join(folder, filepath.FromSlash(strings.Replace(id, ".", "/", 1))+".yaml")
}

// readTable reads a table as other programs do.
func readTable(content []byte) coverage.Table {
	g.GinkgoHelper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(coverage.Schema))
	Expect(err).NotTo(HaveOccurred())
	compiler := jsonschema.NewCompiler()
	Expect(compiler.AddResource("coverage.schema.json", doc)).To(Succeed())
	schema, err := compiler.Compile("coverage.schema.json")
	Expect(err).NotTo(HaveOccurred())
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	Expect(err).NotTo(HaveOccurred())
	Expect(schema.Validate(instance)).To(Succeed())
	var table coverage.Table
	Expect(json.Unmarshal(content, &table)).To(Succeed())
	return table
}

// The whole matrix takes minutes: make coverage runs it.
var _ = g.Describe("pixelwitness coverage", func() {
	g.It("finds a scenario and a fault for every clause that needs them", func(ctx g.SpecContext) {
		session := pixelwitness(ctx, 0, "coverage", "--static", "--json", "-")
		table := readTable(session.Out.Contents())
		Expect(table.Complete).To(BeTrue())
		Expect(table.Measured).To(BeFalse())
		Expect(table.Problems).To(BeEmpty())
		Expect(len(table.Faults)).To(BeNumerically(">=", 60))
		Expect(session.Err).To(gbytes.Say(`complete as declared, not measured\n`))
	}, g.SpecTimeout(patience))

	g.It("ends with 1 and names the clause that nothing tries", func(ctx g.SpecContext) {
		folder := copiedData()
		edit(filepath.Join(folder, "clauses", "mapp.yaml"), "  - id: mapp.nc-sent\n", `  - id: mapp.nobody-looks
    promise: Nobody looks at this.
    sections: ["1"]
    quote: such as cookies or personal IDs
    level: must
    seen-at: [request]

  - id: mapp.nc-sent
`)
		session := pixelwitness(ctx, 1, "coverage", "--static", "--scenarios", folder)
		Expect(session.Out).To(gbytes.Say(`mapp.nobody-looks +must +NONE +NONE\n`))
		Expect(session.Out).To(gbytes.Say(`problem: mapp.nobody-looks \(must\) is exercised by no scenario\n`))
		Expect(session.Out).To(gbytes.Say(`problem: mapp.nobody-looks \(must\) is broken by no fault\n`))
		Expect(session.Out).To(gbytes.Say(` - 2 problems\n`))
	}, g.SpecTimeout(patience))

	g.It("tells a fault that is caught from one that goes unnoticed", func(ctx g.SpecContext) {
		untouched, folder, file := copiedData(), copiedData(), filepath.Join(g.GinkgoT().TempDir(), "coverage.json")
		only(untouched, optOut)
		only(folder, optOut)
		journey := fileOf(folder, optOut)
		// The silent pixel is waited for in vain; meanwhile others are tried.
		caught, temporary := start("coverage", "one-year-choice", "silent", "unbroken", "--scenarios", untouched, "--json", file)

		g.By("missing one, because its scenario is gone")
		session := pixelwitness(ctx, 1, "coverage", "ignores-the-duration", "--scenarios", folder)
		Expect(session.Out).To(gbytes.Say(`problem: the fault ignores-the-duration is not caught by mapp.opt-out-duration: no journey gave a verdict\n`))

		g.By("missing one, because its scenario does not look closely")
		edit(journey, "lasts: 5y", "is: set")
		session = pixelwitness(ctx, 1, "coverage", "one-year-choice", "--scenarios", folder)
		Expect(session.Out).To(gbytes.Say(`problem: the fault one-year-choice is not caught by mapp.opt-out-lasts-five-years: it is pass in mapp.opt-out\n`))

		g.By("catching one by the wrong clause")
		text, err := os.ReadFile(journey)
		Expect(err).NotTo(HaveOccurred())
		wrong := strings.ReplaceAll(string(text), "clause: mapp.nc-sent", "clause: mapp.opt-back-in")
		Expect(os.WriteFile(journey, []byte(wrong+"  - {at: anonymous, parameter: anonymous-flag, is: absent, clause: mapp.nc-sent}\n"), 0o644)).To(Succeed())
		session = pixelwitness(ctx, 1, "coverage", "never-sends-nc", "--scenarios", folder)
		Expect(session.Out).To(gbytes.Say(`problem: the fault never-sends-nc is caught only by mapp.opt-back-in, and not by mapp.nc-sent, which is inconclusive in mapp.opt-out\n`))
		Expect(session.Out).To(gbytes.Say(`problem: the fault never-sends-nc turns mapp.opt-back-in red, which it does not declare, in mapp.opt-out\n`))

		g.By("catching faults by what the journey shows, and asking for nothing that other journeys show")
		finish(ctx, caught, temporary, 0)
		Expect(caught.Out).To(gbytes.Say(`one-year-choice +caught +1 .* mapp.opt-out-lasts-five-years +fail `))
		Expect(caught.Out).To(gbytes.Say(`mapp.eid-omitted +pass \(excused\) `))
		Expect(caught.Out).To(gbytes.Say(`silent +caught +1 `))
		Expect(caught.Out).To(gbytes.Say(`note: \d+ scenarios of the suite that the faults are declared on are not there `))
		Expect(caught.Out).To(gbytes.Say(`2 of 2 faults caught by their clauses alone, unbroken reference green in 4 of 4 ways, 6 journeys in .* - no problem\n`))
		content, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		table := readTable(content)
		Expect(table.Measured && table.Partial && table.Complete).To(BeTrue())
		Expect(table.Lacking).To(And(ContainElement("mapp.opt-out-outlives-the-browser"), Not(ContainElement(optOut))))
		Expect(table.Browser).To(HavePrefix("Chrome/"))
		Expect(table.References).To(HaveLen(4))
	}, g.SpecTimeout(patience))

	g.It("does not take a reference for proof that is itself not green", func(ctx g.SpecContext) {
		folder := copiedData()
		only(folder, optOut)
		edit(fileOf(folder, optOut), "lasts: 5y", "lasts: 4y")
		session := pixelwitness(ctx, 1, "coverage", "one-year-choice", "unbroken", "--scenarios", folder)
		Expect(session.Out).To(gbytes.Say(`problem: the unbroken reference of mapp by image is not green: mapp.opt-out-lasts-five-years is fail in mapp.opt-out\n`))
		Expect(session.Out).To(gbytes.Say(`problem: the fault one-year-choice is not caught by mapp.opt-out-lasts-five-years: it is inconclusive in mapp.opt-out\n`))
	}, g.SpecTimeout(patience))

	g.It("when it is broken off shows what there is, cleans up and ends with 3", func(ctx g.SpecContext) {
		folder := copiedData()
		only(folder, optOut, "mapp.customer-data", "mapp.function-off", "mapp.opt-in")
		// The silent pixel comes last, and is waited for in each of four scenarios:
		// there is time to break off.
		session, temporary := start("coverage", "one-year-choice", "silent", "--parallel", "1", "--scenarios", folder)
		Eventually(ctx, session.Err).Should(gbytes.Say(`1/2 one-year-choice: red as declared \(4 journeys, `))
		session.Interrupt()
		finish(ctx, session, temporary, 3)
		Expect(session.Out).To(gbytes.Say(`one-year-choice +caught `))
		Expect(session.Out).To(gbytes.Say(`silent +UNFINISHED +\d of 4 `))
		Expect(session.Out).To(gbytes.Say(`error: the matrix was broken off with \d of 8 journeys walked`))
	}, g.SpecTimeout(patience))
})
