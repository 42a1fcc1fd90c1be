package collector_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

func TestProfilesAreCounted(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		c := on.start(t, collector.Options{})
		tell(t, c, told{uid: "a", did: "d"}, told{uid: "a", did: "d", made: 1, who: "anna"}, told{uid: "b", did: "e"},
			told{uid: "a", did: "d", made: 2, who: "ben"})
		want := collector.Counts{Customers: 1, Anonymous: 1, Events: 4, Conflicts: 1}
		expect.Expect(c.Counts(t.Context(), "")).To(Equal(want))
		expect.Expect(c.Counts(t.Context(), "1")).To(Equal(want))
		expect.Expect(c.Counts(t.Context(), "2")).To(Equal(collector.Counts{}))
		expect.Expect(decode[collector.Counts](t, ask(c, "GET", "/api/antsomi/counts"))).To(Equal(want))
	})
}
