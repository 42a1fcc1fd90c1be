package population

import (
	"encoding/hex"
	"math/rand/v2"
)

// IDs returns a source of identifiers for [Means] that gives the same ones again
// for the same seed. It is not for concurrent use, and not for secrets.
func IDs(seed uint64) func(n int) string {
	source := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	return func(n int) string {
		b := make([]byte, 0, n+8)
		for len(b) < n {
			v := source.Uint64()
			for range 8 {
				b = append(b, byte(v))
				v >>= 8
			}
		}
		return hex.EncodeToString(b[:n])
	}
}
