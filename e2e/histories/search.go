package histories

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pixelwitness/pixelwitness/simulator/population"
)

// Check draws so many histories and fails on the first on which the collector and the
// model differ, made as small as it gets.
func (o *Oracle) Check(t *testing.T, most int) {
	t.Helper()
	if f := o.Search(t, most); f != nil {
		t.Fatalf("the collector and the model differ:\n%s\n%s", f.Said, f)
	}
}

// Search draws histories until the collector and the model differ, at most so many,
// and returns a small history on which they do, or nil. An error of the harness fails
// the test. The seed is rapid's flag.
func (o *Oracle) Search(t testing.TB, most int) *Found {
	t.Helper()
	configure(t)
	s := &search{oracle: o, quiet: quiet{name: t.Name()}, most: most}
	began, before := time.Now(), o.tried.Load()
	done := make(chan struct{})
	go func() { // rapid ends the goroutine of a test that fails, try that of one that has enough
		defer close(done)
		rapid.Check(s, s.try)
	}()
	<-done
	took := time.Since(began)
	tried := o.tried.Load() - before
	figures := fmt.Sprintf("%d histories from seed %s in %v, %.0f a second%s", tried, flag.Lookup("rapid.seed").Value,
		took.Round(time.Millisecond), float64(tried)/took.Seconds(), prefixed(": ", s.said()))
	switch {
	case s.failing != nil:
		h, err := Smaller(s.failing, func(h population.History) (bool, error) {
			diff, err := o.Differs(t.Context(), h)
			return diff != "", err
		})
		if err != nil {
			t.Fatal(err)
		}
		f, err := o.Explain(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		f.Said = figures
		return &f
	case s.Failed():
		t.Fatal(figures)
	default:
		t.Log(figures)
	}
	return nil
}

// prefixed puts a prefix before a text that is not empty.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// ceiling is more than anybody asks for: each search ends by its own number, as one
// process makes several.
const ceiling = "10000000"

// configured is done once: flags are the process's.
var configured sync.Once

// configure tells rapid to leave no files, and not to shrink: what it could take away
// without knowing what an act is takes long, and leaves much.
func configure(t testing.TB) {
	t.Helper()
	configured.Do(func() {
		set := map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "0s", "rapid.checks": ceiling}
		if flag.Lookup("rapid.seed").Value.String() == "0" {
			set["rapid.seed"] = strconv.FormatUint(rand.Uint64(), 10) // so that it can be told
		}
		for name, value := range set {
			if err := flag.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// search is one search of an oracle's.
type search struct {
	quiet
	oracle  *Oracle
	failing population.History
	// most is how many histories are tried at most; tried counts them.
	most, tried int
}

// try draws a history and fails when the collector and the model differ, on it or on
// the same in another order.
func (s *search) try(r *rapid.T) {
	if s.tried == s.most {
		runtime.Goexit() // it is enough; the search goes on where it was begun
	}
	s.tried++
	h := Draw(r)
	seed := rapid.Uint64().Draw(r, "disturbance")
	s.compare(r, h)
	want := Truth(h)
	if len(want.Conflicts) > 0 {
		return // who came first decides
	}
	other := Disturbed(h, seed)
	if diff := gocmp.Diff(Partition(want), Partition(Truth(other))); diff != "" {
		r.Fatalf("the model itself depends on the order:\n%s\n%s\n%s", h, other, diff)
	}
	s.compare(r, other)
}

func (s *search) compare(r *rapid.T, h population.History) {
	diff, err := s.oracle.Differs(context.Background(), h)
	switch {
	case err != nil:
		r.Fatalf("%v\n%v", err, h)
	case diff != "":
		s.failing = h
		r.Fatalf("the collector and the model differ")
	}
}

// Smaller takes away from a failing history what it can while it still fails: acts,
// then what is odd about those that are left.
func Smaller(h population.History, fails func(population.History) (bool, error)) (population.History, error) {
	for again := true; again; {
		again = false
		for _, smaller := range smallerOnes(h) {
			failing, err := fails(smaller)
			if err != nil {
				return nil, err
			}
			if failing {
				h, again = smaller, true
				break
			}
		}
	}
	return h, nil
}

// smallerOnes are the histories that are a little smaller, those that are smaller by
// much first.
func smallerOnes(h population.History) []population.History {
	var list []population.History
	for size := len(h) / 2; size > 0; size /= 2 {
		for from := 0; from+size <= len(h); from += size {
			list = append(list, without(h, from, from+size, false), without(h, from, from+size, true))
		}
	}
	for i, act := range h {
		if i > 0 && act.Ago > 0 { // dated back, or made before and come late
			changed := slices.Clone(h)
			act.Ago, act.Late = 0, 1
			changed[i-1], changed[i] = act, h[i-1]
			list = append(list, changed)
		}
	}
	for i, act := range h {
		for _, plainer := range plainerOnes(act) {
			if plainer != act {
				changed := slices.Clone(h)
				changed[i] = plainer
				list = append(list, changed)
			}
		}
	}
	return list
}

// without is the history without some acts. The time that they took passes all the
// same, if it is to.
func without(h population.History, from, to int, passes bool) population.History {
	rest := slices.Clone(h[to:])
	if passes && len(rest) > 0 {
		for _, act := range h[from:to] {
			rest[0].After += act.After
		}
	}
	return append(slices.Clone(h[:from]), rest...)
}

// plainerOnes are an act with one oddity less each.
func plainerOnes(act population.Act) []population.Act {
	var list []population.Act
	plainer := func(change func(*population.Act)) {
		a := act
		change(&a)
		list = append(list, a)
	}
	plainer(func(a *population.Act) { a.Again, a.AgainLate = 0, 0 })
	plainer(func(a *population.Act) { a.Again, a.AgainLate = min(a.Again, 1), 0 })
	plainer(func(a *population.Act) { a.Late = 0 })
	plainer(func(a *population.Act) { a.Late = min(a.Late, 1) })
	plainer(func(a *population.Act) { a.Batched = false })
	plainer(func(a *population.Act) { a.By = population.Image })
	plainer(func(a *population.Act) { a.As = 0 })
	plainer(func(a *population.Act) { a.Ago = 0 })
	plainer(func(a *population.Act) { a.Value = 0 })
	plainer(func(a *population.Act) { a.After = time.Second })
	plainer(func(a *population.Act) { a.After = min(a.After, 31*time.Minute) })
	plainer(func(a *population.Act) { a.Device = 0 })
	plainer(func(a *population.Act) { a.Device = min(a.Device, 1) })
	plainer(func(a *population.Act) { a.Person = 0 })
	plainer(func(a *population.Act) { a.Person = min(a.Person, 1) })
	if act.Kind != population.DoView && act.Kind != population.DoSignIn {
		plainer(func(a *population.Act) { a.Kind = population.DoView })
		if act.Kind.Identifies() {
			plainer(func(a *population.Act) { a.Kind = population.DoSignIn })
		}
	}
	return list
}
