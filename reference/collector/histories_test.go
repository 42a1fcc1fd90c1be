package collector_test

import (
	"testing"

	"github.com/pixelwitness/pixelwitness/e2e/histories"
	"github.com/pixelwitness/pixelwitness/reference/collector"
)

// The merge oracle tries the collector in memory at length, in e2e/histories; here on
// each kind of store, with fewer histories.
func TestEachStoreAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		t.Helper()
		histories.New(on.start(t, collector.Options{}).Handler()).Check(t, 40)
	})
}
