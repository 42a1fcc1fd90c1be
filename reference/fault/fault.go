// Package fault names the ways in which the reference can be made wrong on
// purpose, one behaviour each. A check that no fault turns red proves nothing;
// so each fault says which clauses it breaks, and breaks no others.
//
// A fault of a tracker is a small patch on its source: the clean tracker holds
// no trace of it. A fault of the collector changes its options.
package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// ErrUnknown is the error of a name that no fault has.
var ErrUnknown = errors.New("no such fault")

// Part says which part of the reference a fault changes.
type Part string

// The parts.
const (
	Tracker   Part = "tracker"
	Collector Part = "collector"
)

// Fault is one way of being wrong.
type Fault struct {
	// Name says the behaviour, such as "keeps-eid-parameter".
	Name string
	// Title states what the faulty part does, as one fact.
	Title string
	// Part is what is changed, Vendor whose: "mapp".
	Part   Part
	Vendor string
	// Clauses are the IDs of all clauses that are broken; the first is the one
	// that the fault is about. There are none where nothing can be judged any
	// more, because nothing is there to be seen.
	Clauses []string
	// Patches change the tracker's sources. A fault of the collector may have
	// some too, for a page that plays along.
	Patches []tracker.Patch
	// Change makes a collector's options wrong; nil for a fault of the tracker.
	// What it remembers belongs to the collector that is made of the options.
	Change func(*collector.Options)
}

// All returns every fault, sorted by vendor and name.
func All() []Fault {
	var all []Fault
	for _, family := range []func() []Fault{
		mappAnonymous, mappSuppressed, mappModes, mappChoices, mappPages, mappStores,
		mappLeaks, mappEncodings, mappRespawns, mappDeliveries, mappCollectors,
		antsomiTrackers, antsomiCollectors,
		piwikproTrackers, piwikproAddresses, piwikproAnswers, piwikproSettings, piwikproReports, piwikproSessions,
	} {
		all = append(all, family()...)
	}
	for i := range all {
		all[i].Clauses = append(all[i].Clauses, consequences[all[i].Name]...)
		all[i].Clauses = append(all[i].Clauses, piwikproConsequences[all[i].Name]...)
	}
	slices.SortFunc(all, func(a, b Fault) int {
		return strings.Compare(a.Vendor+" "+a.Name, b.Vendor+" "+b.Name)
	})
	return all
}

// Lookup returns the named fault. An unknown name is an ErrUnknown that gives
// the nearest right one.
func Lookup(name string) (Fault, error) {
	var nearest string
	least := max(2, len(name)/3) + 1
	for _, f := range All() {
		if f.Name == name {
			return f, nil
		}
		if edits := levenshtein.ComputeDistance(name, f.Name); edits < least {
			nearest, least = f.Name, edits
		}
	}
	hint := "pixelwitness run --fault list names all"
	if nearest != "" {
		hint = fmt.Sprintf("did you mean %q?", nearest)
	}
	return Fault{}, fmt.Errorf("%w: %q\nhint: %s", ErrUnknown, name, hint)
}
