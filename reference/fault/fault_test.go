package fault_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

func TestEveryFaultFitsTheSourcesAndChangesTheScript(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]string{}
	for _, f := range fault.All() {
		if len(f.Patches) == 0 {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			// Minified, so that a comment makes no difference.
			clean, err := tracker.Bundle(f.Vendor, tracker.Options{Minify: true})
			expect.Expect(err).NotTo(HaveOccurred())
			wrong, err := tracker.Bundle(f.Vendor, tracker.Options{Patches: f.Patches, Minify: true})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(wrong.SHA256).NotTo(Equal(clean.SHA256))
			mu.Lock()
			defer mu.Unlock()
			expect.Expect(seen).NotTo(HaveKey(wrong.SHA256), "another fault makes the same script")
			seen[wrong.SHA256] = f.Name
		})
	}
}

func TestEveryFaultIsDescribed(t *testing.T) {
	t.Parallel()
	kebab := regexp.MustCompile(`^[a-z]+[0-9]*(-[a-z0-9]+)*$`)
	id := regexp.MustCompile(`^[a-z]+(\.[a-z]+(-[a-z]+)*)$`)
	names, titles := map[string]bool{}, map[string]bool{}
	for _, f := range fault.All() {
		expect := NewWithT(t)
		expect.Expect(f.Name).To(MatchRegexp(kebab.String()))
		expect.Expect(names).NotTo(HaveKey(f.Name))
		expect.Expect(titles).NotTo(HaveKey(f.Title))
		names[f.Name], titles[f.Title] = true, true
		expect.Expect(f.Title).NotTo(BeEmpty(), f.Name)
		expect.Expect(len(f.Title)).To(BeNumerically("<=", 80), f.Name)
		expect.Expect(f.Title).NotTo(HaveSuffix("."), f.Name)
		expect.Expect(tracker.Vendors()).To(ContainElement(f.Vendor))
		switch f.Part {
		case fault.Tracker:
			expect.Expect(f.Patches).NotTo(BeEmpty(), f.Name)
			expect.Expect(f.Change).To(BeNil(), f.Name)
		case fault.Collector:
			expect.Expect(f.Change).NotTo(BeNil(), f.Name)
		default:
			t.Errorf("%s has the part %q", f.Name, f.Part)
		}
		if len(f.Clauses) == 0 {
			expect.Expect(f.Name).To(Equal("silent"))
		}
		for i, clause := range f.Clauses {
			expect.Expect(clause).To(MatchRegexp(id.String()), f.Name)
			expect.Expect(clause).To(Or(HavePrefix(f.Vendor+"."), HavePrefix("all.")), f.Name)
			expect.Expect(slices.Index(f.Clauses, clause)).To(Equal(i), "%s names %s twice", f.Name, clause)
		}
	}
}

// TestFaultsAreSpreadOverTheClauses wants more than one way of being wrong, and
// a way of breaking each clause that can be broken by a pixel of its own.
func TestFaultsAreSpreadOverTheClauses(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	about, collectors := map[string]int{}, 0
	for _, f := range fault.All() {
		if f.Vendor != "mapp" {
			continue
		}
		if len(f.Clauses) > 0 {
			about[f.Clauses[0]]++
		}
		if f.Part == fault.Collector {
			collectors++
		}
	}
	for _, clause := range []string{
		"all.canary", "all.no-hiding-place", "all.no-late-delivery", "all.no-respawn", "all.opt-out-holds",
		"mapp.anonymous-until-opt-in", "mapp.consent-starts-identifying", "mapp.cookie-name-custom",
		"mapp.cookie-name-default", "mapp.customer-data-sent", "mapp.eid-omitted", "mapp.function-off-by-default",
		"mapp.nc-only-when-anonymous", "mapp.nc-sent", "mapp.no-identifying-cookie", "mapp.opt-back-in",
		"mapp.opt-in-off-by-default", "mapp.opt-out-duration", "mapp.opt-out-expires", "mapp.opt-out-lasts-five-years",
		"mapp.opt-out-removes-eid", "mapp.opt-out-sets-cookie", "mapp.opt-out-takes-effect", "mapp.queue-before-load",
		"mapp.suppress-default-empty", "mapp.suppressed-omitted", "mapp.suppressed-only-when-anonymous",
		"mapp.visits-not-joined", "mapp.withdrawal-ends-identifying",
	} {
		expect.Expect(about[clause]).To(BeNumerically(">=", 1), clause)
		delete(about, clause)
	}
	expect.Expect(about).To(BeEmpty(), "clauses that no catalogue names")
	expect.Expect(len(fault.All())).To(BeNumerically(">=", 64))
	expect.Expect(collectors).To(BeNumerically(">=", 4))
}

func TestAllIsSortedAndNotShared(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	first := fault.All()
	for i := 1; i < len(first); i++ {
		expect.Expect(first[i-1].Vendor+first[i-1].Name < first[i].Vendor+first[i].Name).To(BeTrue())
	}
	first[0].Name, first[0].Clauses[0], first[0].Patches[0].Find = "changed", "changed", "changed"
	again := fault.All()[0]
	expect.Expect(again.Name).NotTo(Equal("changed"))
	expect.Expect(again.Clauses[0]).NotTo(Equal("changed"))
	expect.Expect(again.Patches[0].Find).NotTo(Equal("changed"))
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, hint string }{
		{"never-send-nc", `hint: did you mean "never-sends-nc"?`},
		{"keeps-eid-cookies", `hint: did you mean "keeps-eid-cookie"?`},
		{"frobnicates-wildly", "hint: pixelwitness run --fault list"},
		{"", "hint: pixelwitness run --fault list"},
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
		found.Change, f.Change = nil, nil // functions cannot be compared
		NewWithT(t).Expect(found).To(Equal(f))
	}
}
