package coverage

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func passing(_ context.Context, job Job) Visit {
	return Visit{Job: job, Outcomes: map[string]verdict.Outcome{flagSent: verdict.Pass}, Milliseconds: 250}
}

func TestEveryJobIsWalkedOnceAndItsRowIsReported(t *testing.T) {
	t.Parallel()
	jobs := Jobs([]Reference{shop}, good(), true)
	var mu sync.Mutex
	now := time.Unix(0, 0)
	var told []Progress
	each := 0
	r := Runner{Parallel: 1, Walk: func(ctx context.Context, job Job) Visit {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		v := passing(ctx, job)
		if job.Fault == "leaks" {
			v.Outcomes[idOmitted], v.Outcomes[canary], v.Outcomes[odd] = verdict.Fail, verdict.Fail, verdict.Inconclusive
		}
		return v
	}, Notify: func(p Progress) {
		if each++; p.Walked != each {
			t.Errorf("journey %d is told of as the %d.", each, p.Walked)
		}
		if p.Ended {
			told = append(told, p)
		}
	}, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}}
	var walked []Job
	for _, v := range r.Run(t.Context(), jobs) {
		walked = append(walked, v.Job)
	}
	if diff := cmp.Diff(jobs, walked); diff != "" {
		t.Error(diff)
	}
	var want []Progress
	for i, name := range []string{"unbroken shop by image", "unbroken shop by beacon", "forgets", "leaks", "mute", "never-flags"} {
		want = append(want, Progress{
			Name: name, Done: i + 1, Total: 6, Ended: true, Walked: 3 * (i + 1), Planned: 18, Journeys: 3, Walking: 750 * time.Millisecond,
			Left: time.Duration(15-3*i) * time.Second,
		})
	}
	want[3].Red = []string{canary, idOmitted}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

func TestJobsAreWalkedSideBySide(t *testing.T) {
	t.Parallel()
	jobs := Jobs([]Reference{shop}, good(), true)
	for _, parallel := range []int{0, 2, 4, 100} {
		want := max(parallel, 2)
		want = min(want, len(jobs))
		// The first walkers wait for each other, so they are under way together.
		var together sync.WaitGroup
		together.Add(want)
		var begun atomic.Int32
		r := Runner{Parallel: parallel, Walk: func(ctx context.Context, job Job) Visit {
			if int(begun.Add(1)) <= want {
				together.Done()
				together.Wait()
			}
			return passing(ctx, job)
		}}
		visits := r.Run(t.Context(), jobs)
		var walked []Job
		for _, v := range visits {
			walked = append(walked, v.Job)
		}
		slices.SortFunc(walked, func(a, b Job) int { return slices.Index(jobs, a) - slices.Index(jobs, b) })
		if diff := cmp.Diff(jobs, walked); diff != "" {
			t.Errorf("%d at the same time: %s", parallel, diff)
		}
	}
}

func TestWhatIsBrokenOffDoesNotCount(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in := measured(t)
	walked := 0
	r := Runner{Parallel: 1, Walk: func(ctx context.Context, job Job) Visit {
		if walked++; walked == 5 {
			cancel()
		}
		return passing(ctx, job)
	}}
	in.Visits = r.Run(ctx, in.Jobs)
	if len(in.Visits) != 4 || walked != 5 {
		t.Errorf("%d visits, %d walked", len(in.Visits), walked)
	}
	table := Tabulate(in)
	const want = "no journey was walked with the faults forgets, leaks, mute and 1 more"
	if last := table.Problems[len(table.Problems)-1]; last.Kind != NotWalked || last.Text != want {
		t.Errorf("said %q, want %q", last.Text, want)
	}
	if !table.Broke() || table.Complete || table.Faults[0].State != Unfinished || table.References[0].Journeys != 3 {
		t.Errorf("%+v", table)
	}
}

func TestNoJobNoVisit(t *testing.T) {
	t.Parallel()
	if visits := (Runner{}).Run(t.Context(), nil); len(visits) > 0 {
		t.Errorf("%v", visits)
	}
}
