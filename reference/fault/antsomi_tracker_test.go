package fault_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/fault"
)

// TestFaultsOfTheSDKAreSpreadOverItsClauses wants a way of breaking each clause of
// Antsomi's that the SDK alone can break.
func TestFaultsOfTheSDKAreSpreadOverItsClauses(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	about := map[string]int{}
	for _, f := range fault.All() {
		if f.Vendor == "antsomi" && f.Part == fault.Tracker {
			about[f.Clauses[0]]++
		}
	}
	for _, clause := range []string{
		"antsomi.anonymous-profile", "antsomi.cid-at-signin", "antsomi.cid-at-signup", "antsomi.cid-hashed", "antsomi.cid-when-known",
		"antsomi.customer-attributes", "antsomi.history-attached", "antsomi.identify-repeats", "antsomi.identify-time",
		"antsomi.merges-anonymous", "antsomi.profile-holds-behaviour", "antsomi.reset-on-logout", "antsomi.revisit-new-uid",
		"antsomi.strangers-not-merged", "antsomi.three-visits-one-profile", "antsomi.uid-on-load",
	} {
		expect.Expect(about[clause]).To(BeNumerically(">=", 1), clause)
		delete(about, clause)
	}
	expect.Expect(about).To(BeEmpty(), "clauses that only the collector breaks")
}
