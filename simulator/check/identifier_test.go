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

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// unlinked judges the walk.
func unlinked(t testing.TB, p *scenario.Plan, plant func(*moment)) verdict.Verdict {
	t.Helper()
	verdicts := Judge(p, walk(p, rand.New(rand.NewPCG(1, 2)), plant))
	if len(verdicts) != 1 {
		t.Fatalf("%d verdicts", len(verdicts))
	}
	return verdicts[0]
}

func millis(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// arrivals are the times of the first visit, which the two may carry over.
func arrival(m *moment) time.Time {
	if m.second {
		return time.Date(2026, 3, 4, 12, 10, 1, 777e6, time.UTC)
	}
	return time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
}

func TestWhatLinksTheVisitsIsFound(t *testing.T) {
	t.Parallel()
	b64 := base64.StdEncoding.EncodeToString
	tests := map[string]struct {
		plant func(*moment)
		where string
	}{
		"a cookie": {func(m *moment) { m.cookie("uid", m.own()) }, "the cookie jar"},
		"an http-only, partitioned cookie": {func(m *moment) {
			m.Cookies = append(m.Cookies, evidence.Cookie{Name: "__Host-x", Value: m.own(), Domain: "collect.vendor.test", HTTPOnly: true, Partition: "https://shop.test"})
		}, "the partitioned cookie jar"},
		"the name of a cookie": {func(m *moment) { m.cookie("c"+m.own(), "1") }, "the cookie jar"},
		"a cookie that is soon deleted": {func(m *moment) {
			m.writes = append(m.writes, evidence.CookieWrite{By: "cookieStore", Name: "x", Value: m.own(), Session: true})
		}, "a write of a cookie by cookieStore"},
		"localStorage":          {func(m *moment) { m.item("localStorage", "uid", m.own()) }, "localStorage"},
		"a key of localStorage": {func(m *moment) { m.item("localStorage", m.own(), "") }, "localStorage"},
		"IndexedDB":             {func(m *moment) { m.item("indexedDB", "db/store/1", `{"who":{"is":"`+m.own()+`"}}`) }, "indexedDB"},
		"the Cache":             {func(m *moment) { m.item("cache", "v1/https://www.shop.test/"+m.own(), "") }, "cache"},
		"a service worker": {func(m *moment) {
			m.item("serviceWorker", "https://www.shop.test/", "https://www.shop.test/sw.js?u="+m.own())
		}, "serviceWorker"},
		"a file":                  {func(m *moment) { m.item("fileSystem", "id.txt", m.own()) }, "fileSystem"},
		"a parameter":             {func(m *moment) { m.query("u=" + m.own()) }, "query u"},
		"the name of a parameter": {func(m *moment) { m.query(m.own() + "=1") }, "query 7be"},
		"the path":                {func(m *moment) { m.path(m.own()) }, "path"},
		"the host":                {func(m *moment) { m.host("h" + m.own()) }, "host"},
		"a header":                {func(m *moment) { m.header("x-ref", m.own()) }, "header x-ref"},
		"the name of a header":    {func(m *moment) { m.header("x-"+m.own(), "1") }, "header x-7be"},
		"the authorization":       {func(m *moment) { m.header("authorization", "Bearer "+m.own()) }, "header authorization"},
		"an ETag":                 {func(m *moment) { m.header("if-none-match", `W/"`+m.own()+`"`) }, "header if-none-match"},
		"a JSON body":             {func(m *moment) { m.body("application/json", `{"a":[{"ref":"`+m.own()+`"}]}`) }, "body a.0.ref"},
		"a form body":             {func(m *moment) { m.body("application/x-www-form-urlencoded", "a=1&ref="+m.own()) }, "body ref"},
		"a binary body":           {func(m *moment) { m.body("application/x-protobuf", "\x0a\x10"+m.own()+"\x00\xff\xfe") }, "body"},
		"a WebSocket": {func(m *moment) {
			m.hit().Frames = []evidence.Frame{{Step: m.Name, FromPage: true, Text: true, Payload: evidence.Bytes(`{"id":"` + m.own() + `"}`)}}
		}, "frame id"},
		"a made-up method":            {func(m *moment) { m.hit().Method = "X" + m.own() }, "method"},
		"a cookie header alone":       {func(m *moment) { m.header("cookie", "a=b; w="+m.own()) }, "header cookie"},
		"percent escapes":             {func(m *moment) { m.query("u=%257B" + m.own() + "%257D") }, "query u"},
		"Base64 that always changes":  {func(m *moment) { m.query("u=" + b64([]byte(millis(m.Clock)+"|"+m.own()))) }, "query u"},
		"Base64 of JSON that changes": {func(m *moment) { m.query("u=" + b64([]byte(`{"t":`+millis(m.Clock)+`,"i":"`+m.own()+`"}`))) }, "query u"},
		"another encoding each time": {func(m *moment) {
			if m.visit == 1 {
				m.cookie("uid", m.own())
			} else {
				m.query("u=" + hex.EncodeToString([]byte(m.own())))
			}
		}, "hex"},
		"backwards the second time": {func(m *moment) {
			if m.visit == 1 {
				m.query("u=" + m.own())
			} else {
				m.item("localStorage", "x", reversed(m.own()))
			}
		}, "localStorage"},
		"glued to a counter": {func(m *moment) { m.query(fmt.Sprintf("u=%dq%sz%d", m.visit, m.own(), m.visit*7)) }, "query u"},
		"in two halves":      {func(m *moment) { m.cookie("a", m.own()[:8]); m.item("localStorage", "b", m.own()[8:]) }, ""},
		"in six small parts": {func(m *moment) {
			for i := range 6 {
				m.query(fmt.Sprintf("v%d=%s", i, strings.TrimLeft(m.own()[2*i:2*i+2], "0")))
			}
		}, "request"},
		"in fields of one parameter": {func(m *moment) {
			o := m.own()
			m.query(fmt.Sprintf("q=%d,%s,%s,%s,%s", m.visit, o[0:3], o[3:6], o[6:9], o[9:12]))
		}, "query q"},
		"a UUID of short parts": {func(m *moment) { o := m.own(); m.item("localStorage", "id", o[:4]+"-"+o[4:8]+"-"+o[8:12]+"-"+o[12:]) }, "localStorage"},
		"a time in milliseconds": {func(m *moment) {
			m.cookie("wtstp_rla", fmt.Sprintf("111111111111111,%d,%s", m.visit, millis(arrival(m))))
		}, "the cookie jar"},
		"a time in seconds": {func(m *moment) { m.query("first=" + strconv.FormatInt(arrival(m).Unix(), 10)) }, "query first"},
		"a number":          {func(m *moment) { m.query("u=" + map[bool]string{false: "8273640192", true: "1938475610"}[m.second]) }, "query u"},
		"letters":           {func(m *moment) { m.query("u=" + map[bool]string{false: "qxkzvwjpfh", true: "bgrtqnzxlk"}[m.second]) }, "query u"},
		"words, in a place of their own": {func(m *moment) {
			m.query("u=" + map[bool]string{false: "happy-otter-lemon-river-stone", true: "brave-camel-melon-castle-water"}[m.second])
		}, "query u"},
		"a third party's request": {func(m *moment) {
			m.requests = append(m.requests, evidence.Request{Method: "GET", Purpose: "sink", URL: "https://sync.partner.example/" + m.own()})
		}, "path"},
		"the page's own cookie": {func(m *moment) {
			m.cookie("server", m.own())
			m.requests[0].Header = append(m.requests[0].Header, evidence.Field{Name: "cookie", Value: "server=" + m.own()})
		}, "the cookie jar"},
	}
	for name, test := range tests {
		v := unlinked(t, twoPersons(t), test.plant)
		shown := ""
		if v.Storage != nil {
			shown = v.Storage.Text
		}
		if v.Outcome != verdict.Fail || !strings.Contains(shown, test.where) || len(v.Storage.Marks) == 0 {
			t.Errorf("%s: %s: %s: %s\n%s", name, v.Outcome, v.Observed, v.Reason, shown)
		}
	}
}

func TestWhatLinksNobodyIsNotFound(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*moment){
		"nothing": nil,
		"the screen": func(m *moment) {
			m.query("screen=3840x2160x24&tz=-120&ua=Mozilla%2F5.0+(X11%3B+Linux+x86_64)+AppleWebKit%2F537.36")
		},
		"a fresh number": func(m *moment) { m.query(fmt.Sprintf("u=%016x", m.random.Uint64())) },
		"a fresh UUID kept": func(m *moment) {
			m.item("localStorage", "visit", fmt.Sprintf("%08x-%04x-4%03x-%04x", m.random.Uint32(), m.random.IntN(65536), m.random.IntN(4096), m.random.Uint32()))
		},
		"a fresh key":         func(m *moment) { m.item("indexedDB", fmt.Sprintf("db/hits/%x", m.random.Uint64()), "1") },
		"the time":            func(m *moment) { m.query("t=" + millis(m.Clock.Add(40*time.Millisecond))) },
		"the time in seconds": func(m *moment) { m.query("t=" + strconv.FormatInt(m.Clock.Unix(), 10)) },
		"the time to base 36": func(m *moment) { m.query("t=" + strconv.FormatInt(m.Clock.UnixMilli(), 36)) },
		"the date":            func(m *moment) { m.query("t=" + m.Clock.Format(time.RFC3339)) },
		"the number of the day": func(m *moment) {
			m.query("d=" + strconv.FormatInt(m.Clock.Unix()/86400, 10))
		},
		"a counter": func(m *moment) {
			m.item("localStorage", "visits", strconv.Itoa(m.visit))
			m.query("n=" + strconv.Itoa(m.visit))
		},
		"an ID that begins with the time": func(m *moment) {
			m.query(fmt.Sprintf("e=2%d%08d", m.Clock.Unix(), m.random.IntN(1e8)))
		},
		"a UUID that begins with the time": func(m *moment) {
			m.query(fmt.Sprintf("e=%012x-7%03x-8%03x-%012x", m.Clock.UnixMilli(), m.random.IntN(4096), m.random.IntN(4096), m.random.Int64N(1<<48)))
		},
		"a constant of the pixel": func(m *moment) {
			m.query("build=9f86d081884c7d65")
			m.item("localStorage", "cfg-9f86d081884c7d65", "x")
		},
		"an ETag of a page": func(m *moment) {
			m.requests[0].Header = append(m.requests[0].Header, evidence.Field{Name: "if-none-match", Value: `"5d41402abc4b2a76b9719d911017c592"`})
		},
		"a customer who is known": func(m *moment) {
			if !m.second {
				m.query("cd=" + customer)
			}
		},
		"a word of the state": func(m *moment) {
			if !m.second {
				m.item("localStorage", "consentState", "anonymousTrackingEnabled")
			}
		},
		"another page's word": func(m *moment) { m.query("page=" + map[bool]string{false: "products", true: "homepage"}[m.second]) },
		"a few small chances": func(m *moment) { m.query(map[bool]string{false: "a=3&b=17&c=1", true: "a=5&b=44&c=0"}[m.second]) },
		"a multipart boundary": func(m *moment) {
			m.body(fmt.Sprintf("multipart/form-data; boundary=----WebKitFormBoundary%x", m.random.Uint64()), "x")
		},
		"a WebSocket's key": func(m *moment) { m.header("sec-websocket-key", b64key(m)) },
		"the length of bodies": func(m *moment) {
			m.header("content-length", map[bool]string{false: "1234567890", true: "9876543210"}[m.second])
		},
		"zeros": func(m *moment) { m.query(map[bool]string{false: "z=0000000000000000", true: "z=1"}[m.second]) },
		"a refused connection": func(m *moment) {
			m.requests = append(m.requests, evidence.Request{Method: "CONNECT", Purpose: "unreachable", URL: "collect.vendor.test:443", Incomplete: "refused"})
		},
		"a cookie of before, sent with the page alone": func(m *moment) {
			if m.visit == 1 {
				m.cookie("wtstp_eid", m.own())
			} else {
				m.requests[0].Header = append(m.requests[0].Header, evidence.Field{Name: "cookie", Value: "wtstp_eid=" + m.own()}, evidence.Field{Name: "sec-fetch-mode", Value: "navigate"})
				m.requests[0].Header = slicesWithout(m.requests[0].Header, "no-cors")
			}
		},
		"a value that was redacted because it was short": func(m *moment) {
			m.cookie("s", map[bool]string{false: "redacted-7be02f5a91d3-short", true: "redacted-c41d9e07b2f8-short"}[m.second])
		},
	}
	for name, plant := range tests {
		if v := unlinked(t, twoPersons(t), plant); v.Outcome != verdict.Pass {
			t.Errorf("%s: %s: %s: %s", name, v.Outcome, v.Observed, v.Reason)
		}
	}
}

func b64key(m *moment) string {
	return base64.StdEncoding.EncodeToString([]byte(m.own()))
}

func slicesWithout(header []evidence.Field, value string) []evidence.Field {
	var kept []evidence.Field
	for _, f := range header {
		if f.Value != value {
			kept = append(kept, f)
		}
	}
	return kept
}

// TestUnlinkedNeedsSomebodyToCompareWith holds the gates: a find and a pass both
// become inconclusive.
func TestUnlinkedNeedsSomebodyToCompareWith(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		plan   func(*scenario.Plan)
		plant  func(*moment)
		reason string
	}{
		"the same page": {func(p *scenario.Plan) { p.Scenario.Journey[1] = scenario.Step{Name: "second-visit", Do: "act"} }, nil,
			"the page of the step first-visit was still open"},
		"a restless stranger": {nil, func(m *moment) { m.Fenced = m.Name != "stranger" }, "the step stranger was not seen to come to rest"},
		"a silent stranger": {nil, func(m *moment) {
			if m.second {
				m.requests = m.requests[:2]
			}
		}, "the pixel sent nothing of the other person"},
		"a stranger elsewhere": {func(p *scenario.Plan) {
			p.Scenario.Journey[2].Open, p.Scenario.Journey[3].Open = "products", "products"
		}, nil,
			"the other person was not on the page home"},
		"a stranger who did not choose": {func(p *scenario.Plan) {
			p.Scenario.Journey = append([]scenario.Step{{Name: "before", Open: "home"}, {Name: "choosing", Do: "opt-out"}}, p.Scenario.Journey...)
		}, nil, "the other person was never in the state of this visitor (after opt-out)"},
		"a stranger of another day": {func(p *scenario.Plan) { p.Scenario.Journey[1].Day = 0 }, nil, "on which the other person was not there"},
	}
	for name, test := range tests {
		for planted, plant := range map[string]func(*moment){"nothing": func(*moment) {}, "an ID": func(m *moment) { m.cookie("uid", m.own()) }} {
			p := twoPersons(t)
			if test.plan != nil {
				test.plan(p)
			}
			v := unlinked(t, p, func(m *moment) {
				plant(m)
				if test.plant != nil {
					test.plant(m)
				}
			})
			if v.Outcome != verdict.Inconclusive || !strings.Contains(v.Reason, test.reason) {
				t.Errorf("%s, %s: %s: %s: %s", name, planted, v.Outcome, v.Observed, v.Reason)
			}
		}
	}
}

// TestUnlinkedIsProvenByWhatIsKnownWhole holds the gates of the pass alone.
func TestUnlinkedIsProvenByWhatIsKnownWhole(t *testing.T) {
	t.Parallel()
	first := func(change func(*moment)) func(*moment) {
		return func(m *moment) {
			if m.Name == "first-visit" {
				change(m)
			}
		}
	}
	for name, test := range map[string]struct {
		plant  func(*moment)
		reason string
	}{
		"restless": {first(func(m *moment) { m.Fenced = false }), "the step first-visit was not seen to come to rest"},
		"silent":   {first(func(m *moment) { m.requests = m.requests[:2] }), "the pixel sent nothing in the step first-visit"},
		"cut off":  {first(func(m *moment) { m.hit().Incomplete = "the connection broke" }), "is not known whole: the connection broke"},
	} {
		if v := unlinked(t, twoPersons(t), test.plant); v.Outcome != verdict.Inconclusive || !strings.Contains(v.Reason, test.reason) {
			t.Errorf("%s: %s: %s: %s", name, v.Outcome, v.Observed, v.Reason)
		}
		if v := unlinked(t, twoPersons(t), func(m *moment) { test.plant(m); m.cookie("uid", m.own()) }); v.Outcome != verdict.Fail {
			t.Errorf("%s, an ID: %s: %s: %s", name, v.Outcome, v.Observed, v.Reason)
		}
	}
	p := twoPersons(t)
	ev := walk(p, rand.New(rand.NewPCG(1, 2)), nil)
	ev.Snapshots = ev.Snapshots[1:]
	if v := Judge(p, ev)[0]; v.Outcome != verdict.Inconclusive || !strings.Contains(v.Reason, "kept at the end of the step first-visit was not recorded") {
		t.Errorf("no snapshot: %s: %s", v.Outcome, v.Reason)
	}
}

// TestACopyInTheCacheNeedsASecondVisit: the stranger's first visit sends no ETag.
func TestACopyInTheCacheNeedsASecondVisit(t *testing.T) {
	t.Parallel()
	v := unlinked(t, twoPersons(t), func(m *moment) {
		if !m.second {
			m.requests[1].Header = append(m.requests[1].Header, evidence.Field{Name: "if-none-match", Value: `"5d41402abc4b2a76b9719d911017c592"`})
		}
	})
	if v.Outcome != verdict.Inconclusive || !strings.Contains(v.Reason, "never asked for https://cdn.vendor.test/js/smart-pixel.min.js a second time") {
		t.Errorf("%s: %s: %s", v.Outcome, v.Observed, v.Reason)
	}
}

// TestAnOldIdentifierInAnETagIsFound: the copy in the cache brings back what a
// cookie was, and that the stranger was there only once excuses nothing.
func TestAnOldIdentifierInAnETagIsFound(t *testing.T) {
	t.Parallel()
	v := unlinked(t, twoPersons(t), func(m *moment) {
		if m.visit == 1 {
			m.cookie("uid", m.own())
		} else if !m.second {
			m.header("if-none-match", `"`+m.own()+`"`)
		}
	})
	if v.Outcome != verdict.Fail || !strings.Contains(v.Observed, "header if-none-match") {
		t.Errorf("%s: %s: %s", v.Outcome, v.Observed, v.Reason)
	}
}

// TestRedactedEvidenceLinksTheSame: what was replaced by one token stays one thing.
func TestRedactedEvidenceLinksTheSame(t *testing.T) {
	t.Parallel()
	for want, plant := range map[verdict.Outcome]func(*moment){
		verdict.Fail: func(m *moment) { m.cookie("wtstp_eid", m.own()); m.query("eid=" + m.own()) },
		verdict.Pass: func(m *moment) {
			id := fmt.Sprintf("2%d%08d", m.Clock.Unix(), m.random.IntN(1e8))
			m.cookie("wtstp_eid", id)
			m.query("cd=" + customer + "&eid=" + id)
			m.cookie("wtstp_sid", map[bool]string{false: "12345", true: "67890"}[m.second])
		},
	} {
		p := twoPersons(t)
		ev := walk(p, rand.New(rand.NewPCG(3, 4)), plant)
		redacted := evidence.Redact(ev, Identities(p, ev), []byte("key"))
		for name, ev := range map[string]*evidence.Evidence{"plain": ev, "redacted": redacted} {
			if v := Judge(p, ev)[0]; v.Outcome != want {
				t.Errorf("%s: got %s: %s: %s; want %s", name, v.Outcome, v.Observed, v.Reason, want)
			}
		}
	}
}

// TestWhatALinkIsShownAs compares with the golden file.
func TestWhatALinkIsShownAs(t *testing.T) {
	t.Parallel()
	verdicts := []verdict.Verdict{
		unlinked(t, twoPersons(t), func(m *moment) { m.cookie("uid", m.own()); m.query("u=" + m.own()) }),
		unlinked(t, twoPersons(t), func(m *moment) {
			if m.visit == 1 {
				m.item("localStorage", "uid", m.own())
			} else {
				m.body("application/json", `{"ref":"`+base64.StdEncoding.EncodeToString([]byte("v2:"+m.own()))+`"}`)
			}
		}),
		unlinked(t, twoPersons(t), func(m *moment) {
			for i := range 6 {
				m.query(fmt.Sprintf("v%d=%s", i, m.own()[2*i:2*i+2]))
			}
		}),
		unlinked(t, twoPersons(t), nil),
	}
	golden(t, "unlinked", told(verdicts))
}
