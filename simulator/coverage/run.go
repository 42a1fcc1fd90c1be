package coverage

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Progress tells that a journey has ended.
type Progress struct {
	// Walked of Planned journeys have ended, in all.
	Walked, Planned int
	// Ended tells that it was the last one of its fault, or of its way of delivery
	// of an unbroken reference.
	Ended bool
	// Name is the fault's, or "unbroken" and the way of delivery.
	Name string
	// Done of Total faults and ways have ended.
	Done, Total int
	// Walking sums the wall times of its journeys so far, Journeys counts them.
	Walking  time.Duration
	Journeys int
	// Red lists the clauses that failed in any of them, sorted.
	Red []string
	// Left is how long the rest takes, if it takes as long as what is done.
	Left time.Duration
}

// Runner walks the jobs of a matrix.
type Runner struct {
	// Walk walks one job. It is called from several goroutines. A context that
	// has ended means that the visit is not counted.
	Walk func(context.Context, Job) Visit
	// Parallel is how many jobs are walked at the same time; 2 when zero.
	Parallel int
	// Notify, when not nil, is told of each journey that has ended, one call at a time.
	Notify func(Progress)
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Run walks the jobs as one list, in their order, and returns the visits that
// came to an end: all of them unless the context ended.
func (r Runner) Run(ctx context.Context, jobs []Job) []Visit {
	if r.Parallel <= 0 {
		r.Parallel = 2
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	m := &matrix{Runner: r, jobs: jobs, began: r.Now(), left: map[Job]int{}, spent: map[Job]*Progress{}}
	for _, job := range jobs {
		m.left[job.row()]++
	}
	m.rows = len(m.left)
	next := make(chan Job)
	var walking sync.WaitGroup
	for range min(r.Parallel, len(jobs)) {
		walking.Go(func() {
			for job := range next {
				if ctx.Err() != nil {
					continue
				}
				if v := r.Walk(ctx, job); ctx.Err() == nil {
					m.end(v)
				}
			}
		})
	}
	for _, job := range jobs {
		if ctx.Err() != nil {
			break
		}
		next <- job
	}
	close(next)
	walking.Wait()
	return m.visits
}

// row is what a job has in common with the others of its fault, or of its way.
func (j Job) row() Job {
	j.Scenario = ""
	return j
}

// matrix is one run.
type matrix struct {
	Runner
	jobs  []Job
	began time.Time

	mu     sync.Mutex
	visits []Visit
	left   map[Job]int // journeys that are still to end, by row
	spent  map[Job]*Progress
	rows   int
	done   int
}

// end keeps a visit, and tells of it.
func (m *matrix) end(v Visit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.visits = append(m.visits, v)
	row := v.row()
	p := m.spent[row]
	if p == nil {
		p = &Progress{Name: row.Fault, Total: m.rows, Planned: len(m.jobs)}
		if row.Fault == "" {
			p.Name = UnbrokenName + " " + row.Document + " by " + row.Way
		}
		m.spent[row] = p
	}
	p.Walking += time.Duration(v.Milliseconds * float64(time.Millisecond))
	p.Journeys++
	for clause, o := range v.Outcomes {
		if o == verdict.Fail && !slices.Contains(p.Red, clause) {
			p.Red = append(p.Red, clause)
		}
	}
	slices.Sort(p.Red)
	if m.left[row]--; m.left[row] == 0 {
		p.Ended = true
		m.done++
	}
	p.Done, p.Walked = m.done, len(m.visits)
	p.Left = m.Now().Sub(m.began) * time.Duration(p.Planned-p.Walked) / time.Duration(p.Walked)
	if m.Notify != nil {
		told := *p
		told.Red = slices.Clone(p.Red)
		m.Notify(told)
	}
}
