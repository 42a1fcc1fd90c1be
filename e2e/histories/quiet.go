package histories

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"pgregory.net/rapid"
)

// quiet is a test of which rapid may say what it likes: a failure is what a search
// is for.
type quiet struct {
	name   string
	mu     sync.Mutex
	lines  []string
	failed bool
}

var _ rapid.TB = (*quiet)(nil)

// said is what rapid said of the search itself: how many it tried, from what seed.
// What the histories' own draws have said is told better elsewhere.
func (q *quiet) said() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	own := slices.DeleteFunc(slices.Clone(q.lines), func(line string) bool { return strings.HasPrefix(line, "[rapid] draw ") })
	return strings.Join(own, "\n")
}

func (q *quiet) log(line string, failed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lines = append(q.lines, line)
	q.failed = q.failed || failed
}

func (q *quiet) Helper()                           {}
func (q *quiet) Name() string                      { return q.name }
func (q *quiet) Logf(format string, args ...any)   { q.log(fmt.Sprintf(format, args...), false) }
func (q *quiet) Log(args ...any)                   { q.log(fmt.Sprint(args...), false) }
func (q *quiet) Errorf(format string, args ...any) { q.log(fmt.Sprintf(format, args...), true) }
func (q *quiet) Error(args ...any)                 { q.log(fmt.Sprint(args...), true) }
func (q *quiet) Fail()                             { q.log("", true) }
func (q *quiet) Skip(args ...any)                  { q.log(fmt.Sprint(args...), false); runtime.Goexit() }
func (q *quiet) Skipf(format string, args ...any)  { q.Logf(format, args...); runtime.Goexit() }
func (q *quiet) SkipNow()                          { runtime.Goexit() }
func (q *quiet) FailNow()                          { q.log("", true); runtime.Goexit() }
func (q *quiet) Fatal(args ...any)                 { q.Error(args...); runtime.Goexit() }
func (q *quiet) Fatalf(format string, args ...any) { q.Errorf(format, args...); runtime.Goexit() }

// Failed implements rapid.TB.
func (q *quiet) Failed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.failed
}
