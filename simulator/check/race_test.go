//go:build race

package check

// visitors is how many random visitors are judged; the race detector is slow, and
// looks for other things.
const visitors = 100
