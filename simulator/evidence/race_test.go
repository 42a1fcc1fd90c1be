//go:build race

package evidence

// raceEnabled tells that the race detector is on, which makes everything slow.
const raceEnabled = true
