package check

import (
	"encoding/base32"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// osaka and madrid6 are addresses whose every part tells something.
const osaka, madrid6 = "198.51.100.130", "2001:db8:1:30:8000:5eff:fe00:c1"

func TestEveryFormOfAnAddressIsRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address, text, way string
		persons            bool
	}{
		{osaka, "[198,51,100,130]", "as a list of its octets", false},
		{osaka, "[198, 51, 100, 130]", "as a list of its octets", false},
		{osaka, `["198","51","100","130"]`, "as a list of its octets", false},
		{osaka, "198/51/100/130", "as a list of its octets", false},
		{osaka, "198;51;100;130", "as a list of its octets", false},
		{osaka, "x=198|51|100|130&", "as a list of its octets", false},
		{osaka, "198 51 100 130", "as a list of its octets", false},
		{osaka, "0xc6.0x33.0x64.0x82", "as a list of its octets", false},
		{osaka, "0306.063.0144.0202", "as a list of its octets", false},
		{osaka, "130,100,51,198", "as a list of its octets, last first", false},
		{osaka, "198.51.25730", "as inet_aton reads it", false},
		{osaka, "198.3368066", "as inet_aton reads it", true},
		{osaka, "0xC6336482", "as a number", false},
		{osaka, "030614662202", "as a number", false},
		{osaka, "30614662202", "as a number in octal", true},
		{osaka, "id 1izrsle ", "as a number to the base 36", true},
		{osaka, "50739,25730", "as two numbers of 16 bits", true},
		{osaka, `{"a":"50739:25730"}`, "as two numbers of 16 bits", true},
		{osaka, "net=198.51.100 ", "but for its last 8 bits", true},
		{osaka, "198.51.100.1", "as one end of its network", true},
		{osaka, "198.51.100.255", "as one end of its network", true},
		{osaka, "198.0.100.130", "but for one of its octets", true},
		{osaka, "198.51.0.130", "but for one of its octets", true},
		{osaka, "::FFFF:198.51.100.130", "inside an IPv6 address", false},
		{osaka, "64:ff9b:0::c633:6482", "inside an IPv6 address", false},
		{osaka, "0::ffff:c633:6482", "inside an IPv6 address", false},

		{madrid6, "2306139568115613744,-9223267583283691327", "as two numbers of 64 bits", false},
		{madrid6, "2306139568115613744 9223476490425860289", "as two numbers of 64 bits", false},
		{madrid6, `"20010db800010030","80005efffe0000c1"`, "as two numbers of 64 bits", false},
		{madrid6, "n=-9223267583283691327", lowerHalf, false},
		{madrid6, "n=80005efffe0000c1", lowerHalf, false},
		{madrid6, "::8000:5eff:fe00:c1", lowerHalf, false},
		{madrid6, "n=2306139568115613744", upperHalf, false},
		{madrid6, "536939960 65584 2147507967 4261413057", "as four numbers of 32 bits", false},
		{madrid6, "20010db8-00010030-80005eff-fe0000c1", "as four numbers of 32 bits", false},
		{madrid6, "[32,1,13,184,0,1,0,48,128,0,94,255,254,0,0,193]", "as a list of its octets", false},
		{madrid6, "8193,3512,1,48,32768,24319,65024,193", "as a list of its groups", false},
		{madrid6, "2001/db8/1/30/8000/5eff/fe00/c1", "as a list of its groups", false},
		{madrid6, "ip=2001:0db8:1:30:8000:5eff:fe00:c1", "in another spelling", false},
		{madrid6, "[2001:db8:1:30:8000:5EFF:254.0.0.193]:443", "in another spelling", false},
		{madrid6, "face:2001:db8:0001:30:8000:5eff:fe00:c1", "in another spelling", false},
		{berlin6, "2001:db8:1:10:8000:0::a", "in another spelling", false},
		{berlin6, "2001:db8:1:10:8000::0.0.0.10", "in another spelling", false},
		{madrid6, "2001:db8:1:30:0::/64", "but for its last 64 bits", false},
	} {
		ok := false
		found := newTrove(evidence.Kept{Data: evidence.Packed(c.text)}).sights(netip.MustParseAddr(c.address))
		for _, s := range found {
			ok = ok || s.way == c.way && s.persons == c.persons && s.from < s.to
		}
		if !ok {
			t.Errorf("%q: not found %q, but %+v", c.text, c.way, found)
		}
	}
	for address, raw := range map[string][]byte{osaka: []byte(osaka), madrid6: netip.MustParseAddr(madrid6).AsSlice()} {
		text := base32.StdEncoding.EncodeToString(raw)
		if found := foundIn(address, `{"x":"`+text+`"}`); len(found) == 0 || !strings.HasPrefix(found[0].way, "in Base32") {
			t.Errorf("%s: got %+v", text, found)
		}
	}
}

func TestNumbersThatAreNoAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, text string }{
		{osaka, "Chrome/198.51.100 v198.51.100 version=198.51.100 1.198.51.100 pkg@198.51.100"},
		{osaka, "1198.51.100 198.51.1000 198.51.100.7 [198,51,100] 198-51-100"},
		{osaka, "[198,51,100,13] [1198,51,100,130] 198,51;100,130"},
		{osaka, "150739,25730 50739,257300 50739 and then 25730"},
		{osaka, "198.51.100.10 198.51.100.2 198.51.100.254"},
		{madrid6, "2001:db8:1:30:8000:5eff:fe00:c 2001:db8:1:31:: 12:34:56 1:30"},
		{madrid6, "[32,1,13,184,0,1,0,48,128,0,94,255,254,0,0] 23061395681156137440"},
		{"2001:db8::1", "1 0000000000000001 ::1 1,0,0,1"},
	} {
		if found := newTrove(evidence.Kept{Data: evidence.Packed(c.text)}).sights(netip.MustParseAddr(c.address)); len(found) > 0 {
			t.Errorf("%s in %q: found %+v", c.address, c.text, found)
		}
	}
}

// TestRandomDataIsNoAddress reads documents such as a collector keeps, with the
// addresses of others. The ends of a network are nobody's address.
func TestRandomDataIsNoAddress(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 8))
	addresses := []netip.Addr{netip.MustParseAddr(osaka), netip.MustParseAddr(madrid6), netip.MustParseAddr("203.0.113.133")}
	var forms [][]writing
	for _, a := range addresses {
		forms = append(forms, writings(a))
	}
	for n := range 10_000 {
		text := document(r)
		file := newTrove(evidence.Kept{Data: evidence.Packed(text)})
		for i, a := range addresses {
			for _, s := range file.sights(a) {
				t.Errorf("document %d: %s: %+v in\n%s", n, a, s, text)
			}
			if n%100 != 0 {
				continue // the texts are looked for as they are: fewer documents do
			}
			for _, w := range forms[i] {
				if len(file.places(w, 1)) > 0 {
					t.Errorf("document %d: %s: %+v in\n%s", n, a, w, text)
				}
			}
		}
	}
}

// document is random data as a collector keeps it.
func document(r *rand.Rand) string {
	other := func(mine int) int {
		for {
			if n := 2 + r.IntN(252); n != mine {
				return n
			}
		}
	}
	var b strings.Builder
	for range 2 {
		fmt.Fprintf(&b, `{"agent":"Chrome/%d.0.%d.%d","version":"%d.%d.%d","at":"2026-%02d-%02dT%02d:%02d:%02d.%03dZ","ts":%d,`,
			r.IntN(200), r.IntN(9999), r.IntN(255), r.IntN(255), r.IntN(255), r.IntN(255), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000), 1_700_000_000_000+r.Int64N(100_000_000_000))
		fmt.Fprintf(&b, `"price":%.2f,"where":[%.6f,%.6f],"res":"%dx%d","uuid":"%08x-%04x-%04x-%04x-%012x","id":"%016x","n":%d,`,
			r.Float64()*1000, r.Float64()*180, r.Float64()*180, r.IntN(4000), r.IntN(3000), r.Uint32(), r.IntN(65536), r.IntN(65536), r.IntN(65536), r.Int64N(1<<48), r.Uint64(), r.Int64())
		fmt.Fprintf(&b, `"color":[%d,%d,%d],"bytes":[%d,%d,%d,%d,%d],"ip":["198.51.100.%d","203.0.113.%d","2001:db8:1:30:8000:%x:%x:%x"],"masked":["0.0.0.0","::"]}`+"\n",
			r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), other(130), other(133), 1+r.IntN(65535), r.IntN(65536), 200+r.IntN(60000))
	}
	return b.String()
}

func TestWhatMayBeChanceIsFoundForTwo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		outcome verdict.Outcome
		text    string
	}{
		"192.0.2 ":                       {verdict.Inconclusive, "holds 192.0.2.10, but for its last 8 bits, at byte"},
		"49152,522":                      {verdict.Inconclusive, "nothing like it of another visitor, so it may be chance"},
		"49152,522 and 49152,522":        {verdict.Inconclusive, "may be chance"},
		"49152,522 and 49152,582":        {verdict.Fail, "from berlin, as two numbers of 16 bits"},
		"[192,0,2,10]":                   {verdict.Fail, "from berlin, as a list of its octets"},
		"of who was known: 50739,25640 ": {verdict.Pass, "nowhere"},
	} {
		p := expecting(planOf(t, anonymousCourse()...), scenario.Expectation{At: "anonymous", Kept: "address", Is: "absent"})
		v := Judge(p, keptOf(p, func(ev *evidence.Evidence) { alsoKept(ev, "another", "collector.log", text) }))[0]
		if v.Outcome != want.outcome || !strings.Contains(v.Observed+"; "+v.Reason, want.text) {
			t.Errorf("%q: want %s, got %s", text, want.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestAHalfThatOthersShare: the visitor who was identified may be kept, and so may the
// half that both addresses have.
func TestAHalfThatOthersShare(t *testing.T) {
	t.Parallel()
	for known, want := range map[string]verdict.Outcome{"2001:db8:2:10:8000::a": verdict.Inconclusive, "2001:db8:2:10:8000::b": verdict.Fail} {
		course := anonymousCourse()
		course[0].From, course[1].From = "known6", "berlin6"
		p := expecting(planOf(t, course...), scenario.Expectation{At: "anonymous", Kept: "address", Is: "absent"})
		ev := keptOf(p, nil)
		p.Scenario.Config.Origins["known6"] = scenario.Origin{Address: known}
		ev.Step("identified").Address = known
		for i := range ev.Snapshots {
			ev.Snapshots[i].Kept[0].Data = append(ev.Snapshots[i].Kept[0].Data, known+" -9223372036854775798 "...)
		}
		if v := Judge(p, ev)[0]; v.Outcome != want {
			t.Errorf("%s: want %s, got %s", known, want, told([]verdict.Verdict{v}))
		}
	}
}

// TestWhatIsGivenBackShowsNothingOfTheFiles: that an answer holds the hit does not tell
// that the files are the right ones.
func TestWhatIsGivenBackShowsNothingOfTheFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit    func(*evidence.Evidence)
		outcome verdict.Outcome
		text    string
	}{
		"the files are given back instead": {func(ev *evidence.Evidence) {
			for i := range ev.Snapshots {
				ev.Snapshots[i].Kept[0].Name = evidence.KeptAnswer + "/hits"
			}
		}, verdict.Inconclusive, "nothing else of the step anonymous was found there"},
		"an answer holds the address": {func(ev *evidence.Evidence) {
			for i := range ev.Snapshots {
				ev.Snapshots[i].Kept = append(ev.Snapshots[i].Kept, evidence.Kept{Name: evidence.KeptAnswer + "/report", Data: evidence.Packed("<td>" + berlin)})
			}
		}, verdict.Fail, "answer /report holds the address 192.0.2.10 from berlin"},
		"an answer holds that of who was identified": {func(ev *evidence.Evidence) {
			for i := range ev.Snapshots {
				ev.Snapshots[i].Kept = append(ev.Snapshots[i].Kept, evidence.Kept{Name: evidence.KeptAnswer + "/report", Data: evidence.Packed("<td>198.51.100.40")})
			}
		}, verdict.Pass, "nowhere"},
	} {
		p := expecting(planOf(t, anonymousCourse()...), scenario.Expectation{At: "anonymous", Kept: "address", Is: "absent"})
		if v := Judge(p, keptOf(p, test.edit))[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}
