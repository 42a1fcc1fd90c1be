package fault_test

import (
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

func TestEveryFaultFitsTheSourcesAndChangesTheScript(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, f := range fault.All() {
		t.Run(f.Name, func(t *testing.T) {
			expect := NewWithT(t)
			clean, err := tracker.Bundle(f.Vendor, tracker.Options{})
			expect.Expect(err).NotTo(HaveOccurred())
			wrong, err := tracker.Bundle(f.Vendor, tracker.Options{Patches: f.Patches})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(wrong.SHA256).NotTo(Equal(clean.SHA256))
			expect.Expect(seen).NotTo(HaveKey(wrong.SHA256), "another fault makes the same script")
			seen[wrong.SHA256] = f.Name
		})
	}
}

func TestEveryFaultIsDescribed(t *testing.T) {
	t.Parallel()
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	names, clauses := map[string]bool{}, map[string]bool{}
	for _, f := range fault.All() {
		expect := NewWithT(t)
		expect.Expect(f.Name).To(MatchRegexp(kebab.String()))
		expect.Expect(names).NotTo(HaveKey(f.Name))
		names[f.Name] = true
		expect.Expect(f.Title).NotTo(BeEmpty())
		expect.Expect(len(f.Title)).To(BeNumerically("<=", 80))
		expect.Expect(f.Title).NotTo(HaveSuffix("."))
		expect.Expect(f.Part).To(BeElementOf(fault.Tracker, fault.Collector))
		expect.Expect(f.Part == fault.Tracker).To(Equal(len(f.Patches) > 0), f.Name)
		expect.Expect(tracker.Vendors()).To(ContainElement(f.Vendor))
		if f.Clause == "" {
			expect.Expect(f.Name).To(Equal("silent"))
			continue
		}
		expect.Expect(f.Clause).To(HavePrefix(f.Vendor + "."))
		expect.Expect(clauses).NotTo(HaveKey(f.Clause))
		clauses[f.Clause] = true
	}
}

func TestAllIsSortedAndNotShared(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	first := fault.All()
	for i := 1; i < len(first); i++ {
		expect.Expect(first[i-1].Vendor+first[i-1].Name < first[i].Vendor+first[i].Name).To(BeTrue())
	}
	first[0].Name = "changed"
	first[0].Patches[0].Find = "changed"
	expect.Expect(fault.All()[0].Name).NotTo(Equal("changed"))
	expect.Expect(fault.All()[0].Patches[0].Find).NotTo(Equal("changed"))
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, hint string }{
		{"never-send-nc", `hint: did you mean "never-sends-nc"?`},
		{"keeps-eid-cookies", `hint: did you mean "keeps-eid-cookie"?`},
		{"frobnicates-wildly", "hint: faults are always-sends-nc, "},
		{"", "hint: faults are always-sends-nc, "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			_, err := fault.Lookup(c.name)
			expect.Expect(err).To(MatchError(fault.ErrUnknown))
			expect.Expect(strings.SplitN(err.Error(), "\n", 2)[1]).To(HavePrefix(c.hint))
		})
	}
	for _, f := range fault.All() {
		found, err := fault.Lookup(f.Name)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		NewWithT(t).Expect(found).To(Equal(f))
	}
}
