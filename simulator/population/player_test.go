package population_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/population"
)

// taker is a collector that notes which messages it took, by device, in order.
type taker struct {
	mu       sync.Mutex
	took     map[string][]string
	underWay atomic.Int64
	most     atomic.Int64
	answer   func(message string, try int) int // a status; nil is 200
	tries    map[string]int
}

func (k *taker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := k.underWay.Add(1)
	defer k.underWay.Add(-1)
	for most := k.most.Load(); now > most && !k.most.CompareAndSwap(most, now); most = k.most.Load() {
	}
	q := r.URL.Query()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.took == nil {
		k.took, k.tries = map[string][]string{}, map[string]int{}
	}
	message := q.Get("mid")
	k.tries[message]++
	if k.answer != nil {
		if status := k.answer(message, k.tries[message]); status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
	}
	k.took[q.Get("did")] = append(k.took[q.Get("did")], message)
	if message == "refused" {
		w.Header().Set(population.RefusedHeader, "not with me")
	}
	_, _ = io.WriteString(w, "ok")
}

func player(k http.Handler) population.Player {
	return population.Player{Dialect: population.Antsomi{}, To: account, Through: population.Handled(k)}
}

// hits are n hits, from as many devices as given, in turn.
func hits(n, devices int) iter.Seq[population.Delivery] {
	return func(yield func(population.Delivery) bool) {
		for i := range n {
			h := population.Hit{Visitor: "u", Device: fmt.Sprintf("d%d", i%devices), Message: strconv.Itoa(i), Category: "c", Action: "a"}
			if !yield(population.Delivery{Hits: []population.Hit{h}, By: population.Image}) {
				return
			}
		}
	}
}

func TestEachBrowsersHitsComeInOrder(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	k := &taker{}
	p := player(k)
	p.Parallel = 8
	played, err := p.Play(t.Context(), hits(2000, 20))
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(played).To(Equal(population.Played{Requests: 2000, Hits: 2000}))
	expect.Expect(k.took).To(HaveLen(20))
	for device, messages := range k.took {
		expect.Expect(messages).To(HaveLen(100))
		expect.Expect(slices.IsSortedFunc(messages, func(a, b string) int {
			x, _ := strconv.Atoi(a)
			y, _ := strconv.Atoi(b)
			return x - y
		})).To(BeTrue(), device)
	}
	expect.Expect(k.most.Load()).To(BeNumerically("<=", 8))
}

func TestAFailureNamesTheHitAndEndsThePlay(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	k := &taker{answer: func(message string, _ int) int {
		return map[bool]int{true: http.StatusServiceUnavailable, false: http.StatusOK}[message == "7"]
	}}
	drawn := 0
	played, err := player(k).Play(t.Context(), func(yield func(population.Delivery) bool) {
		for d := range hits(1_000_000, 3) {
			if drawn++; !yield(d) {
				return
			}
		}
	})
	expect.Expect(err).To(MatchError(`deliver the hit 7 (c a) of the visitor u: the collector answered 503: ""`))
	expect.Expect(played.Requests).To(Equal(int64(7)))
	expect.Expect(drawn).To(BeNumerically("<", 20), "no more is drawn than can be sent")
	expect.Expect(k.tries["7"]).To(Equal(1), "retries are off")
}

func TestRetriesAreCounted(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	k := &taker{answer: func(message string, try int) int {
		return map[bool]int{true: http.StatusBadGateway, false: http.StatusOK}[message == "2" && try < 3]
	}}
	p := player(k)
	p.Retries = 2
	played, err := p.Play(t.Context(), hits(5, 1))
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(played).To(Equal(population.Played{Requests: 5, Hits: 5, Again: 2}))
	k.answer = func(string, int) int { return http.StatusBadRequest }
	_, err = p.Play(t.Context(), hits(1, 1))
	expect.Expect(err).To(MatchError(ContainSubstring("answered 400")))
	expect.Expect(k.tries["0"]).To(Equal(2), "what the client did wrong is not tried again")
}

func TestRefusalsAreTold(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	p := player(&taker{})
	var reasons []string
	p.Refused = func(d population.Delivery, reason string) { reasons = append(reasons, d.String()+": "+reason) }
	refused := population.Delivery{Hits: []population.Hit{{Message: "refused", Visitor: "u", Category: "c", Action: "a"}}, By: population.Image}
	played, err := p.Play(t.Context(), slices.Values([]population.Delivery{refused}))
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(played).To(Equal(population.Played{Requests: 1, Hits: 1, Refused: 1}))
	expect.Expect(reasons).To(Equal([]string{"the hit refused (c a) of the visitor u: not with me"}))
}

func TestAPlayEndsWithItsContext(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	k := &taker{answer: func(message string, _ int) int {
		if message == "50" {
			cancel(enough)
		}
		return http.StatusOK
	}}
	_, err := player(k).Play(ctx, hits(1_000_000, 3))
	expect.Expect(err).To(MatchError(enough))
	_, err = player(k).Play(t.Context(), slices.Values([]population.Delivery{{}}))
	expect.Expect(err).To(MatchError("a delivery of no hits"))
}

// A handler sees in-process what it would see over the wire.
func TestHandledIsLikeAConnection(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) == "panic" {
			panic("over")
		}
		w.Header().Set("X-Saw", r.Method+" "+r.RequestURI+" "+r.Header.Get("Content-Type"))
		w.WriteHeader(http.StatusAccepted)
		w.WriteHeader(http.StatusTeapot) // too late
		_, _ = w.Write(body)
	})
	server := httptest.NewServer(handler)
	defer server.Close()
	for name, through := range map[string]http.RoundTripper{"handled": population.Handled(handler), "wire": server.Client().Transport} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/a%20b?c=d", http.NoBody)
		expect.Expect(err).NotTo(HaveOccurred())
		r.Header.Set("Content-Type", "text/plain")
		response, err := through.RoundTrip(r)
		expect.Expect(err).NotTo(HaveOccurred(), name)
		expect.Expect(response.StatusCode).To(Equal(http.StatusAccepted), name)
		expect.Expect(response.Header.Get("X-Saw")).To(Equal("POST /a%20b?c=d text/plain"), name)
		expect.Expect(response.Body.Close()).To(Succeed())
	}
	h := full()
	h.Message = "m"
	_, err := population.Player{Dialect: population.Antsomi{}, To: account, Through: population.Handled(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) { panic("over") }))}.Deliver(t.Context(), population.Delivery{Hits: []population.Hit{h}, By: population.JSON})
	expect.Expect(err).To(MatchError("deliver the hit m (user sign_in) of the visitor u1: the collector broke: over"))
}
