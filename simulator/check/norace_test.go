//go:build !race

package check

// visitors is how many random visitors are judged.
const visitors = 1000
