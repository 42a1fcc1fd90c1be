package check

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// comingFrom are the places of the journeys with addresses.
func comingFrom() map[string]scenario.Origin {
	return map[string]scenario.Origin{
		"berlin": {Address: berlin, Country: "Germany", City: "Berlin"}, "rome": {Address: "198.51.100.40", Country: "Italy", City: "Rome"},
		"lyon": {Address: "192.0.2.70", Country: "France", City: "Lyon"}, "berlin6": {Address: berlin6, Country: "Germany", City: "Berlin"},
		"near": {Address: "192.0.2.100", Country: "France", City: "Lyon"},
	}
}

// anonymousCourse is an identified visitor, then another from elsewhere who never
// agrees, then a third who does not either.
func anonymousCourse() []scenario.Step {
	return []scenario.Step{
		{Name: "identified", Open: "home", From: "rome"},
		{Name: "anonymous", Open: "products", Device: "second", From: "berlin"},
		{Name: "acting", Do: "act"},
		{Name: "another", Open: "home", From: "lyon"},
	}
}

const store = "collector.db"

// keptOf makes evidence of the journey in which a collector keeps every hit, with the
// address of those who were identified; edit is what it does wrong.
func keptOf(p *scenario.Plan, edit func(*evidence.Evidence)) *evidence.Evidence {
	p.Scenario.Config.Origins = comingFrom()
	ev := recordOf(p, map[string]func(*recorder){
		"identified": sending("eid="+firstID, "cd=user5684798169", "pv=aQ3x9Z"), "anonymous": sending("nc=1", "cd="+customerOf(p), "pv=bR4y8Y"),
		"acting": sending("nc=1", "pv=cS5z7X"), "another": sending("nc=1", "pv=dT6a6W"),
	})
	for i := range ev.Steps {
		name, origin := p.Scenario.OriginAt(i)
		ev.Steps[i].From, ev.Steps[i].Address = name, origin.Address
	}
	rows := ""
	for i := range ev.Snapshots {
		for _, r := range ev.Requests {
			if r.Step != ev.Snapshots[i].Step || r.Purpose != "collector" {
				continue
			}
			address := "0.0.0.0"
			if strings.Contains(r.URL, "eid=") {
				address = ev.Steps[i].Address
			}
			query := strings.ReplaceAll(r.URL, "cd="+customerOf(p), "")
			rows += "\x00\x17" + address + "\x03" + query + "\x00"
		}
		ev.Snapshots[i].Kept = []evidence.Kept{{Name: store, Data: evidence.Packed("SQLite format 3\x00" + rows)}, {Name: "collector.log", Data: evidence.Packed("level=INFO msg=\"a hit was taken\"\n")}}
	}
	if edit != nil {
		edit(ev)
	}
	return ev
}

func customerOf(p *scenario.Plan) string {
	return p.Person("second").Scenario.Config.Customer["customer-id"]
}

// alsoKept adds to what is kept from the step on.
func alsoKept(ev *evidence.Evidence, step, name, text string) {
	on := false
	for i := range ev.Snapshots {
		if on = on || ev.Snapshots[i].Step == step; !on {
			continue
		}
		for j := range ev.Snapshots[i].Kept {
			if file := &ev.Snapshots[i].Kept[j]; file.Name == name {
				file.Data = append(bytes.Clone(file.Data), text...)
			}
		}
	}
}

func gzipOf(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.String()
}

func TestWhatACollectorKeeps(t *testing.T) {
	t.Parallel()
	raw := string(netip.MustParseAddr(berlin).AsSlice())
	lyon := string(netip.MustParseAddr("192.0.2.70").AsSlice())
	hash := sha256.Sum256([]byte(berlin))
	adding := func(step, name, text string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { alsoKept(ev, step, name, text) }
	}
	tests := map[string]struct {
		edit    func(*evidence.Evidence)
		outcome verdict.Outcome
		text    string
	}{
		"nothing": {nil, verdict.Pass, `nowhere in what the collector keeps (2 files), which holds pv="bR4y8Y"; that of the identified step identified was found there`},
		"in the log": {adding("anonymous", "collector.log", "level=WARN msg=late client=192.0.2.10:5050\n"), verdict.Fail,
			"collector.log holds the address 192.0.2.10 from berlin"},
		"in the store":                {adding("anonymous", store, "\x0a"+berlin+"\x00"), verdict.Fail, "collector.db holds the address 192.0.2.10 from berlin"},
		"hashed":                      {adding("anonymous", store, hex.EncodeToString(hash[:])), verdict.Fail, "192.0.2.10 from berlin, SHA-256"},
		"hashed, as bytes":            {adding("anonymous", store, string(hash[:])), verdict.Fail, "from berlin, SHA-256"},
		"as a number":                 {adding("anonymous", store, "\x003221225994\x00"), verdict.Fail, "from berlin, as a number"},
		"mapped":                      {adding("anonymous", store, "\x00::ffff:"+berlin+"\x00"), verdict.Fail, "from berlin"},
		"one octet taken":             {adding("anonymous", store, "\x00192.0.2.0\x00"), verdict.Fail, "from berlin, but for its last 8 bits"},
		"in Base64":                   {adding("anonymous", store, base64.StdEncoding.EncodeToString([]byte(`{"ip":"`+berlin+`"}`))), verdict.Fail, "Base64 → JSON ip"},
		"in gzip":                     {adding("anonymous", "collector.log", gzipOf("client "+berlin+" was late")), verdict.Fail, "gzip"},
		"in percent escapes":          {adding("anonymous", "collector.log", "ip=192%2E0%2E2%2E10"), verdict.Fail, "percent"},
		"with a later hit":            {adding("acting", store, "\x00"+berlin+"\x00"), verdict.Fail, "from berlin at the end of the step acting"},
		"in another's step":           {adding("another", "collector.log", "before that "+berlin+"\n"), verdict.Fail, "at the end of the step another"},
		"another address":             {adding("anonymous", store, "\x00192.0.2.100 198.51.100.40\x00"), verdict.Pass, "nowhere"},
		"four bytes, once":            {adding("anonymous", store, "\x00"+raw+"\x00"), verdict.Inconclusive, "collector.db holds 4 bytes of 192.0.2.10 once, at byte"},
		"four bytes, twice":           {adding("anonymous", store, "\x00"+raw+"\x01 and then \x02"+raw+"\x03"), verdict.Fail, "from berlin, as its 4 bytes"},
		"four bytes, a copy":          {adding("anonymous", store, "aaaaaaaaaaaa"+raw+"bbbbbbbbaaaaaaaaaaaa"+raw+"bbbbbbbb"), verdict.Inconclusive, "which may be chance"},
		"four bytes of two persons":   {adding("another", store, "\x00"+raw+"\x00\x00"+lyon+"\x00"), verdict.Fail, "from berlin, as its 4 bytes at the end of the step another"},
		"the hit is not there":        {func(ev *evidence.Evidence) { cut(ev, "bR4y8Y") }, verdict.Inconclusive, "nothing else of the step anonymous was found there either"},
		"no identified visitor there": {func(ev *evidence.Evidence) { cut(ev, "198.51.100.40") }, verdict.Inconclusive, "the search found no address of an identified visitor"},
		"not looked at":               {func(ev *evidence.Evidence) { ev.Snapshot("anonymous").Kept = nil }, verdict.Unsupported, "name its files with --kept"},
		"nothing was sent": {func(ev *evidence.Evidence) {
			hits(ev, "anonymous", func(r *evidence.Request) { r.Step = "identified" })
		}, verdict.Inconclusive, "the pixel sent nothing in the step anonymous"},
		"he was identified himself": {func(ev *evidence.Evidence) {
			hits(ev, "acting", func(r *evidence.Request) { r.URL += "&eid=" + secondID })
		}, verdict.Inconclusive, "the address of berlin is also that of the identified step acting"},
		"he may have been": {func(ev *evidence.Evidence) {
			hits(ev, "acting", func(r *evidence.Request) { r.Incomplete = "cut" })
		}, verdict.Inconclusive, "is also that of the identified step acting"},
		"not at rest": {func(ev *evidence.Evidence) { ev.Step("anonymous").Fenced = false }, verdict.Inconclusive, "come to rest"},
		"not at rest, but kept": {func(ev *evidence.Evidence) {
			ev.Step("anonymous").Fenced = false
			alsoKept(ev, "anonymous", store, berlin)
		}, verdict.Fail, "holds the address"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := expecting(planOf(t, anonymousCourse()...), scenario.Expectation{At: "anonymous", Kept: "address", Is: "absent"})
			v := Judge(p, keptOf(p, test.edit))[0]
			if v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
				t.Errorf("want %s, got %s", test.outcome, told([]verdict.Verdict{v}))
			}
		})
	}
}

// cut takes a text out of everything that is kept.
func cut(ev *evidence.Evidence, text string) {
	for i := range ev.Snapshots {
		for j := range ev.Snapshots[i].Kept {
			file := &ev.Snapshots[i].Kept[j]
			file.Data = bytes.ReplaceAll(file.Data, []byte(text), []byte("-"))
		}
	}
}

// TestAnAddressThatIsPartOfAnother: 192.0.2.10 stands in 192.0.2.100, where that is
// packed so that nobody sees what is beside it.
func TestAnAddressThatIsPartOfAnother(t *testing.T) {
	t.Parallel()
	p := expecting(planOf(t, anonymousCourse()...), scenario.Expectation{At: "anonymous", Kept: "address", Is: "absent"})
	ev := keptOf(p, func(ev *evidence.Evidence) {
		alsoKept(ev, "anonymous", store, base64.StdEncoding.EncodeToString([]byte(`{"ip":"192.0.2.100"}`)))
	})
	if v := Judge(p, ev)[0]; v.Outcome != verdict.Pass {
		t.Errorf("got %s", told([]verdict.Verdict{v}))
	}
}

func TestAnIPv6AddressThatIsKept(t *testing.T) {
	t.Parallel()
	raw := string(netip.MustParseAddr(berlin6).AsSlice())
	course := anonymousCourse()
	course[1].From = "berlin6"
	for text, way := range map[string]string{
		"":                             "",
		"client=2001:DB8:1:10:8000::A": "2001:db8:1:10:8000::a from berlin6",
		"2001:0db8:0001:0010:8000:0000:0000:000a": "written out",
		"\x00" + raw + "\x00":                     "as its 16 bytes",
		"2001:db8:1:10::":                         "but for its last 64 bits",
		base64.StdEncoding.EncodeToString([]byte(`{"ip":"2001:0db8:0001:0010:8000:0000:0000:000a"}`)): "JSON ip",
	} {
		p := expecting(planOf(t, course...), scenario.Expectation{At: "anonymous", Kept: "address", Is: "absent"})
		v := Judge(p, keptOf(p, func(ev *evidence.Evidence) { alsoKept(ev, "anonymous", store, text) }))[0]
		want := verdict.Fail
		if text == "" {
			want = verdict.Pass
		}
		if v.Outcome != want || !strings.Contains(v.Observed, way) {
			t.Errorf("%q: want %s, got %s", text, want, told([]verdict.Verdict{v}))
		}
	}
}

func TestAnIdentifierThatIsKept(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		role    string
		edit    func(*scenario.Plan, *evidence.Evidence)
		outcome verdict.Outcome
		text    string
	}{
		"the customer is not": {"customer-id", nil, verdict.Pass, `which holds pv="bR4y8Y"; that of the identified step identified was found there`},
		"the customer is":     {"customer-id", func(p *scenario.Plan, ev *evidence.Evidence) { alsoKept(ev, "anonymous", store, customerOf(p)) }, verdict.Fail, "collector.db holds the value"},
		"the customer is, in hex": {"customer-id", func(p *scenario.Plan, ev *evidence.Evidence) {
			alsoKept(ev, "anonymous", store, hex.EncodeToString([]byte(customerOf(p))))
		}, verdict.Fail, "hex"},
		"redacted":                 {"customer-id", func(_ *scenario.Plan, ev *evidence.Evidence) { ev.Redacted = true }, verdict.Inconclusive, "redacted"},
		"nothing to look for":      {"visitor-id", nil, verdict.Inconclusive, "never seen to have a visitor-id"},
		"a visitor ID in a cookie": {"visitor-id", func(_ *scenario.Plan, ev *evidence.Evidence) { cookieOf(ev, secondID) }, verdict.Pass, "nowhere"},
		"a visitor ID that is kept": {"visitor-id", func(_ *scenario.Plan, ev *evidence.Evidence) {
			cookieOf(ev, secondID)
			alsoKept(ev, "anonymous", store, secondID)
		}, verdict.Fail, "holds the value"},
		"a visitor ID of an identified step": {"visitor-id", func(_ *scenario.Plan, ev *evidence.Evidence) {
			cookieOf(ev, secondID)
			hits(ev, "acting", func(r *evidence.Request) { r.URL += "&eid=" + secondID })
		}, verdict.Inconclusive, "was also sent in the identified step acting"},
	} {
		p := expecting(planOf(t, anonymousCourse()...), scenario.Expectation{At: "anonymous", Kept: test.role, Is: "absent"})
		if test.role == "customer-id" {
			p.Scenario.Config.Customer["customer-id"] = customer
		}
		ev := keptOf(p, nil)
		if test.edit != nil {
			test.edit(p, ev)
		}
		if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

func cookieOf(ev *evidence.Evidence, id string) {
	s := ev.Snapshot("anonymous")
	s.Cookies = append(s.Cookies, evidence.Cookie{Name: "wtstp_eid", Value: id, Domain: ".shop.test", Path: "/"})
}

// TestWhatIsShownOfWhatIsKept compares with the golden file.
func TestWhatIsShownOfWhatIsKept(t *testing.T) {
	t.Parallel()
	raw := string(netip.MustParseAddr(berlin).AsSlice())
	var out strings.Builder
	for _, text := range []string{"level=WARN msg=late client=192.0.2.10:5050\n", "\x00" + raw + "\x01 and \x02" + raw, "192.0.2.x", base64.StdEncoding.EncodeToString([]byte(`{"ip":"` + berlin + `"}`))} {
		p := expecting(planOf(t, anonymousCourse()...), scenario.Expectation{At: "anonymous", Kept: "address", Is: "absent"})
		fmt.Fprintln(&out, told(Judge(p, keptOf(p, func(ev *evidence.Evidence) { alsoKept(ev, "anonymous", "collector.log", text) }))))
	}
	golden(t, "kept", out.String())
}
