package histories_test

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/e2e/histories"
	"github.com/pixelwitness/pixelwitness/reference/collector"
)

var (
	number = flag.Int("histories", 0, "how many histories the property test tries (default 100, or 20 with -short)")
	seed   = flag.Uint64("seed", 0, "the seed of the histories; 0 draws one")
)

// TestMain hands the seed on to the library that draws.
func TestMain(m *testing.M) {
	flag.Parse()
	if *seed != 0 {
		if err := flag.Set("rapid.seed", strconv.FormatUint(*seed, 10)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}

// start returns a collector in memory that decides by the rules.
func start(t testing.TB, rules collector.Rules) *collector.Collector {
	t.Helper()
	c, err := collector.New(collector.Options{Clock: func() time.Time { return histories.Began }, Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// This is the merge oracle: whatever people do, in whatever order and however often
// it arrives, the collector says what the model says.
func TestTheCollectorAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	most := *number
	switch {
	case most > 0:
	case testing.Short():
		most = 20
	default:
		most = 100
	}
	histories.New(start(t, collector.Rules{}).Handler()).Check(t, most)
}
