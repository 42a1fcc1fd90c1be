package crowd_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/crowd"
)

// A collector that does not answer any more does not hold up the end for ever.
func TestACollectorThatHangsIsGivenUpAfterTheGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		expect := NewWithT(t)
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		p := into(newOracle(), small())
		taken := p.Through
		p.Through = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/ppms.php" {
				return taken.RoundTrip(r)
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		began := time.Now()
		r, err := crowd.Run(ctx, p)
		expect.Expect(err).To(MatchError(ContainSubstring("the collector did not answer any more")))
		expect.Expect(time.Since(began)).To(Equal(time.Minute + crowd.Grace))
		expect.Expect(r.Played.Browsers).To(BeZero())
		expect.Expect(r.Equalities).To(BeZero())
	})
}

// Nothing that follows an interrupt takes longer than the grace, and a second one ends
// that as well: whatever it is that hangs.
func TestWhatFollowsAnInterruptIsBounded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		hangs   func(path string) bool
		hurried time.Duration // after the interrupt; 0 for never
		want    time.Duration
		says    string
	}{
		{"all hangs", func(string) bool { return true }, 0, crowd.Grace, "the collector did not answer any more"},
		{"the bulks hang", func(path string) bool { return path == "/ppms.php" }, 0, crowd.Grace, "the collector did not answer any more"},
		{"the reports hang", func(path string) bool { return path != "/ppms.php" }, 0, crowd.Grace, "the collector did not answer any more"},
		{"a second interrupt", func(string) bool { return true }, time.Second, time.Second, "it was not waited for"},
	} {
		synctest.Test(t, func(t *testing.T) {
			expect := NewWithT(t)
			ctx, stop := context.WithCancel(t.Context())
			hurry := make(chan struct{})
			p := into(newOracle(somewhere()...), small())
			p.Hurry = hurry
			taken, hanging := p.Through, atomic.Bool{}
			var told time.Time
			tell := sync.OnceFunc(func() {
				hanging.Store(true)
				told = time.Now()
				stop()
				if test.hurried > 0 {
					time.AfterFunc(test.hurried, func() { close(hurry) })
				}
			})
			p.Through = roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/ppms.php" {
					tell()
				}
				if hanging.Load() && test.hangs(r.URL.Path) {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return taken.RoundTrip(r)
			})
			r, err := crowd.Run(ctx, p)
			expect.Expect(err).To(MatchError(ContainSubstring(test.says)), test.name)
			expect.Expect(time.Since(told)).To(Equal(test.want), test.name)
			expect.Expect(r.Equalities).To(BeZero(), test.name)
		})
	}
}

// A collector that takes a bulk and never answers ends the crowd without any interrupt.
func TestACollectorThatNeverAnswersIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		expect := NewWithT(t)
		p := into(newOracle(), small())
		taken := p.Through
		p.Through = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/ppms.php" {
				return taken.RoundTrip(r)
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		began := time.Now()
		_, err := crowd.Run(t.Context(), p)
		expect.Expect(err).To(MatchError(ContainSubstring("the collector did not answer within 2m0s")))
		expect.Expect(time.Since(began)).To(Equal(crowd.Answer))
	})
}
