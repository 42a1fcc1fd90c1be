// Package histories is the merge oracle: it draws what people may do on their
// browsers, sends it to a collector, and holds what the collector says of it to what
// the model of the identity rules says. What fails is shrunk, and told as a scenario.
package histories

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pixelwitness/pixelwitness/reference/collector/model"
	"github.com/pixelwitness/pixelwitness/simulator/population"
)

// Began is when every history begins.
var Began = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// Oracle holds a collector to the model. Histories share the collector, each in a
// portal of its own, with the same identifiers: what is of another portal must not
// matter.
type Oracle struct {
	through http.RoundTripper
	portals atomic.Int64
	tried   atomic.Int64
}

// New returns an oracle for the collector.
func New(handler http.Handler) *Oracle { return &Oracle{through: population.Handled(handler)} }

// deliver sends the requests to a portal that nobody has used.
func (o *Oracle) deliver(ctx context.Context, list []population.Delivery) (backend, error) {
	portal := strconv.FormatInt(o.portals.Add(1), 10)
	player := population.Player{
		Dialect: population.Antsomi{}, Through: o.through,
		To: population.Account{Collector: host, Portal: portal, Property: "1"},
	}
	_, err := player.Play(ctx, slices.Values(list))
	return backend{o.through, portal}, err
}

// Differs says in what a collector that was given the history differs from the
// model; "" when in nothing.
func (o *Oracle) Differs(ctx context.Context, h population.History) (string, error) {
	o.tried.Add(1)
	arrivals := h.Arrivals(h.Tell(population.Antsomi{}, Began, population.IDs(1)))
	b, err := o.deliver(ctx, arrivals)
	if err != nil {
		return "", err
	}
	diff, err := b.differs(ctx, deliveries(arrivals))
	if broken := (inconsistency)(""); errors.As(err, &broken) {
		return string(broken), nil
	}
	return diff, err
}

// differs says in what a backend that was given the hits differs from the model.
func (b backend) differs(ctx context.Context, hits []model.Delivery) (string, error) {
	var uids, cids []string
	for _, d := range hits {
		uids = append(uids, d.UID)
		if d.Identify != "" {
			cids = append(cids, d.Identify)
		}
	}
	slices.Sort(uids)
	slices.Sort(cids)
	want := comparable(model.Of(hits))
	got, err := b.world(ctx, slices.Compact(uids), slices.Compact(cids))
	if err != nil {
		return "", err
	}
	if diff := gocmp.Diff(want, comparable(got), cmpopts.EquateEmpty()); diff != "" {
		return "-model +collector:\n" + diff, nil
	}
	for _, uid := range slices.Sorted(maps.Keys(want.Users)) {
		if err := b.merges(ctx, uid, want.Users[uid].CID); err != nil {
			return "", err
		}
	}
	return "", nil
}

// Truth is what must be true after a history.
func Truth(h population.History) model.World {
	return model.Of(deliveries(h.Arrivals(h.Tell(population.Antsomi{}, Began, population.IDs(1)))))
}

// Partition is who is who in a world: customers and events by user ID, and user IDs
// by customer. As long as nothing conflicts, it does not depend on the order in which
// hits arrive, nor on how often.
func Partition(w model.World) map[string][]string {
	parts := map[string][]string{}
	for uid, p := range w.Users {
		parts[uid] = []string{"customer " + p.CID}
		for _, e := range p.Events {
			parts[uid] = append(parts[uid], "event "+e.MID)
		}
		slices.Sort(parts[uid])
	}
	for cid, p := range w.Customers {
		parts["customer "+cid] = p.UIDs
	}
	return parts
}

// Disturbed is the history with its hits arriving in another order, other ones twice.
func Disturbed(h population.History, seed uint64) population.History {
	source := rand.New(rand.NewPCG(seed, uint64(len(h))))
	other := slices.Clone(h)
	for i := range other {
		other[i].Late, other[i].Again, other[i].AgainLate = source.IntN(len(h)), source.IntN(3)/2, source.IntN(len(h))
		other[i].Batched = false
	}
	return other
}
