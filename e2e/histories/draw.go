package histories

import (
	"time"

	"pgregory.net/rapid"

	"github.com/pixelwitness/pixelwitness/simulator/population"
)

// act draws an act. What comes first in each list is what a failing history shrinks
// to.
var act = rapid.Custom(func(t *rapid.T) population.Act {
	return population.Act{
		Kind: rapid.SampledFrom([]population.Kind{
			population.DoView, population.DoView, population.DoSignIn, population.DoSignIn, population.DoTrack,
			population.DoReset, population.DoIdentify, population.DoSignUp, population.DoForget,
			population.BadRaw, population.BadPhone, population.BadTime, population.BadTwo,
		}).Draw(t, "kind"),
		Device: rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(t, "device"),
		Person: rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(t, "person"),
		After: rapid.SampledFrom([]time.Duration{
			time.Second, time.Second, 0, 10 * time.Minute, 30 * time.Minute, 30*time.Minute + time.Millisecond,
			31 * time.Minute, 24 * time.Hour, 72 * time.Hour,
		}).Draw(t, "after"),
		Value:     rapid.IntRange(0, 2).Draw(t, "value"),
		Ago:       rapid.SampledFrom([]time.Duration{0, 0, 0, 0, 0, time.Second, 10 * time.Minute, time.Hour, 25 * time.Hour}).Draw(t, "ago"),
		As:        rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 2, 3}).Draw(t, "as"),
		Late:      rapid.SampledFrom([]int{0, 0, 0, 1, 2, 5, 9}).Draw(t, "late"),
		Again:     rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2}).Draw(t, "again"),
		AgainLate: rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "again later"),
		Batched:   rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "batched"),
		By: rapid.SampledFrom([]population.Transport{
			population.Image, population.JSON, population.Beacon,
		}).Draw(t, "by"),
	}
})

// longest is the most acts of a drawn history.
const longest = 20

// Draw draws a history.
func Draw(t *rapid.T) population.History {
	return rapid.SliceOfN(act, 1, longest).Draw(t, "history")
}
