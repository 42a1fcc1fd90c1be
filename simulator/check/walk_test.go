package check

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// moment is what a browser keeps and sends in one step of the two-person walk.
type moment struct {
	evidence.Step
	*evidence.Snapshot
	requests []evidence.Request
	writes   []evidence.CookieWrite
	// second tells whose step it is, visit counts the visits of each from 1.
	second bool
	visit  int
	random *rand.Rand
}

// own is an identifier of the person, the same in all his visits.
func (m *moment) own() string {
	if m.second {
		return "c41d9e07b2f8463a"
	}
	return "7be02f5a91d3c684"
}

// hit returns the step's request of the pixel.
func (m *moment) hit() *evidence.Request { return &m.requests[2] }

func (m *moment) cookie(name, value string) {
	m.Cookies = append(m.Cookies, evidence.Cookie{Name: name, Value: value, Domain: ".shop.test", Path: "/"})
}

func (m *moment) item(store, name, value string) {
	m.Storage = append(m.Storage, evidence.Item{Store: store, Origin: "https://www.shop.test", Name: name, Value: value})
}

func (m *moment) query(pair string) { m.hit().URL += "&" + pair }

func (m *moment) header(name, value string) {
	m.hit().Header = append(m.hit().Header, evidence.Field{Name: name, Value: value})
}

func (m *moment) body(kind, content string) {
	m.hit().Method, m.hit().Body = "POST", evidence.Bytes(content)
	m.header("content-type", kind)
}

func (m *moment) path(segment string) {
	m.hit().URL = strings.Replace(m.hit().URL, "/wt?", "/"+segment+"/wt?", 1)
}

func (m *moment) host(label string) {
	m.hit().URL = strings.Replace(m.hit().URL, "//collect.", "//"+label+".collect.", 1)
}

// twoPersons is the plan of a walk in which both are anonymous: the first comes on
// day 1 and day 3, the second on day 4 and day 5.
func twoPersons(t testing.TB) *scenario.Plan {
	p := plan(t)
	p.Scenario.ID = "all.no-hiding-place"
	p.Pixel.Requests = scenario.Requests{Path: "^/[0-9A-Za-z_/-]*/wt$", Made: &scenario.Made{Parameter: "p", Separator: ",", Field: 7, Unit: "ms"}}
	p.Scenario.Journey = []scenario.Step{
		{Name: "first-visit", Open: "home"}, {Name: "second-visit", Open: "home", Day: 3},
		{Name: "stranger", Open: "home", Day: 4, Device: "second"}, {Name: "stranger-again", Open: "home", Day: 5},
	}
	p.Scenario.Expect = []scenario.Expectation{{At: "second-visit", Identifier: "any", Is: "unlinked", With: "first-visit", Unlike: "stranger", Clause: "mapp.nc-sent"}}
	return p
}

// walk records the walk; plant adds to each moment what a pixel does wrong.
func walk(p *scenario.Plan, random *rand.Rand, plant func(*moment)) *evidence.Evidence {
	ev := &evidence.Evidence{Header: evidence.Header{Schema: evidence.Schema, Scenario: p.Scenario.ID, Pixel: "mapp"}}
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	visits, day := map[string]int{}, 1
	for i, s := range p.Scenario.Journey {
		day = max(day, s.Day)
		device, tab := p.Scenario.Place(i)
		visits[device]++
		m := &moment{second: device != "", visit: visits[device], random: random}
		m.Step = evidence.Step{
			Name: s.Name, Action: s.Action(), Conditions: s.Conditions(), Device: device, Tab: tab, Fenced: true, RunForward: 5 * time.Minute,
			Page: "https://www.shop.test/", Clock: began.AddDate(0, 0, day-1).Add(time.Duration(i) * (5*time.Minute + time.Duration(random.IntN(2000))*time.Millisecond)),
		}
		m.Snapshot = &evidence.Snapshot{Step: s.Name}
		m.honest(p)
		if plant != nil {
			plant(m)
		}
		for _, r := range m.requests {
			r.Seq, r.Step, r.Protocol, r.Status = len(ev.Requests)+1, s.Name, "h2", 200
			ev.Requests = append(ev.Requests, r)
		}
		for _, w := range m.writes {
			w.Step = s.Name
			ev.Writes = append(ev.Writes, w)
		}
		ev.Steps, ev.Snapshots = append(ev.Steps, m.Step), append(ev.Snapshots, *m.Snapshot)
	}
	return ev
}

// honest is what any browser sends, and a pixel that identifies nobody.
func (m *moment) honest(p *scenario.Plan) {
	browser := []evidence.Field{
		{Name: "accept-encoding", Value: "gzip, deflate, br, zstd"}, {Name: "accept-language", Value: "en-US,en;q=0.9"},
		{Name: "content-length", Value: strconv.Itoa(100 + m.random.IntN(100))},
		{Name: "sec-ch-ua", Value: `"Chromium";v="156", "Not/A)Brand";v="24"`}, {Name: "sec-fetch-mode", Value: "no-cors"},
		{Name: "user-agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"},
	}
	page := m.page(p)
	made := m.Clock.Add(time.Duration(20+m.random.IntN(400)) * time.Millisecond).UnixMilli()
	hit := fmt.Sprintf("%s?p=600,www.shop.test%s,1,800x600,24,1,%d,0,800x600,0&pf=64&nc=1&cs801=38203f3e203e&la=en&pu=https%%3A%%2F%%2Fwww.shop.test%s&load=%d&r=%016x",
		address, page, made, strings.ReplaceAll(page, "/", "%2F"), 30+m.random.IntN(900), m.random.Uint64())
	request := func(purpose, url string) {
		header := append([]evidence.Field{}, browser...)
		m.requests = append(m.requests, evidence.Request{Method: "GET", Purpose: purpose, URL: url, Header: header})
	}
	request("page", "https://www.shop.test"+page)
	request("script", "https://cdn.vendor.test/js/smart-pixel.min.js?v=20260214093011")
	request("collector", hit)
	m.requests[2].Header = append(m.requests[2].Header, evidence.Field{Name: "referer", Value: "https://www.shop.test/"})
	m.cookie("miCookieOptOut", "1")
	m.item("localStorage", "111111111111111", "")
	m.item("sessionStorage", "page-view", strconv.FormatUint(m.random.Uint64(), 36))
}

func (m *moment) page(p *scenario.Plan) string {
	for _, s := range p.Scenario.Journey {
		if s.Name == m.Name && s.Open != "" {
			return p.Pixel.Pages[s.Open]
		}
	}
	return "/"
}
