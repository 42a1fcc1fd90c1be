package collector_test

import (
	"path/filepath"
	"testing"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

// storeKind is a kind of store that every test of the collector is run against.
type storeKind struct {
	name string
	// place returns a new store's place.
	place func(t testing.TB) string
}

var storeKinds = []storeKind{
	{"memory", func(testing.TB) string { return "" }},
	{"sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "hits.db") }},
	{"postgres", collector.NewDatabase},
}

// onEachStore runs a test once for each kind of store.
func onEachStore(t *testing.T, test func(t *testing.T, on storeKind)) {
	t.Helper()
	for _, kind := range storeKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

// start returns a collector with a store of that kind, whose clock stands at noon.
func (k storeKind) start(t testing.TB, opts collector.Options) *collector.Collector {
	t.Helper()
	if opts.Store == "" {
		opts.Store = k.place(t)
	}
	return start(t, opts)
}
