package check

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// TestThousandHonestVisitors: whatever an honest pixel draws at random, nobody is
// accused; and whatever is planted wherever is found.
func TestThousandHonestVisitors(t *testing.T) {
	t.Parallel()
	each(t, 7, func(t *testing.T, p *scenario.Plan, seed uint64, random *rand.Rand) {
		v := Judge(p, walk(p, random, func(m *moment) { noise(m, random) }))[0]
		if v.Outcome != verdict.Pass {
			t.Errorf("seed %d: %s: %s: %s", seed, v.Outcome, v.Observed, v.Reason)
		}
	})
}

// each calls try with as many seeds as there are visitors, several at a time.
func each(t *testing.T, stream uint64, try func(*testing.T, *scenario.Plan, uint64, *rand.Rand)) {
	for part := range uint64(4) {
		t.Run(strconv.FormatUint(part, 10), func(t *testing.T) {
			t.Parallel()
			p := twoPersons(t)
			for seed := visitors / 4 * part; seed < visitors/4*(part+1) && !t.Failed(); seed++ {
				try(t, p, seed, rand.New(rand.NewPCG(seed, stream)))
			}
		})
	}
}

// noise is what pixels send that changes with every hit.
func noise(m *moment, random *rand.Rand) {
	m.query(fmt.Sprintf("n1=%d&n2=%x&n3=%s&n4=%d", random.IntN(1000), random.Uint64(), strconv.FormatUint(random.Uint64(), 36), random.IntN(10)))
	m.query("n5=" + millis(m.Clock.Add(time.Duration(random.IntN(3000))*time.Millisecond)))
	m.query(fmt.Sprintf("e=2%d%08d", m.Clock.Unix(), random.IntN(1e8)))
	m.cookie("nonce", base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatUint(random.Uint64(), 16)+millis(m.Clock))))
	m.item("localStorage", "cache", fmt.Sprintf(`{"at":%s,"k":"%x","seen":%d}`, millis(m.Clock), random.Uint64(), m.visit))
}

func TestThousandPlantedIdentifiers(t *testing.T) {
	t.Parallel()
	each(t, 8, func(t *testing.T, p *scenario.Plan, seed uint64, random *rand.Rand) {
		ids := [2]string{identifierOf(random), identifierOf(random)}
		places := [2]int{random.IntN(9), random.IntN(9)}
		codings := [2]int{random.IntN(4), random.IntN(4)}
		if random.IntN(2) == 0 { // mostly a pixel does the same each time
			places[1], codings[1] = places[0], codings[0]
		}
		if places[0] == 8 || places[1] == 8 { // halves cannot be put together from two encodings
			places[1], codings = places[0], [2]int{}
		}
		for i, place := range places {
			if place == 6 && codings[i] == 1 { // the case of a host is lost
				codings[i] = 2
			}
		}
		v := Judge(p, walk(p, random, func(m *moment) {
			noise(m, random)
			id := ids[0]
			if m.second {
				id = ids[1]
			}
			plantAt(m, places[min(m.visit, 2)-1], encodedAs(id, codings[min(m.visit, 2)-1]))
		}))[0]
		if v.Outcome != verdict.Fail {
			t.Errorf("seed %d, %v, %v, %v: %s: %s: %s", seed, ids, places, codings, v.Outcome, v.Observed, v.Reason)
		}
	})
}

func identifierOf(random *rand.Rand) string {
	switch random.IntN(4) {
	case 0:
		return fmt.Sprintf("%016x", random.Uint64())
	case 1:
		return strconv.FormatUint(random.Uint64()|1<<63, 10)
	case 2:
		return strconv.FormatUint(random.Uint64()|1<<63, 36)
	}
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", random.Uint32(), random.IntN(1<<16), random.IntN(1<<12), random.IntN(1<<16), random.Int64N(1<<48))
}

func encodedAs(id string, coding int) string {
	switch coding {
	case 1:
		return base64.RawURLEncoding.EncodeToString([]byte(id))
	case 2:
		return hex.EncodeToString([]byte(id))
	case 3:
		return strings.ToUpper(id)
	}
	return id
}

func plantAt(m *moment, place int, id string) {
	switch place {
	case 0:
		m.cookie("c", id)
	case 1:
		m.item("localStorage", "ls", id)
	case 2:
		m.path(id)
	case 3:
		m.header("x-h", id)
	case 4:
		m.header("if-none-match", `"`+id+`"`)
	case 5:
		m.body("application/json", `{"deep":{"er":["`+id+`"]}}`)
	case 6:
		m.host(strings.ToLower(id))
	case 7:
		m.query("q=" + id)
	case 8:
		half := len(id) / 2
		m.cookie("left", id[:half])
		m.query("right=" + id[half:])
	}
}
