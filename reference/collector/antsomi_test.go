package collector

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const (
	anUID   = "0123456789abcdef0123456789abcdef"
	aDevice = "fedcba9876543210fedcba9876543210"
	aMID    = "00000000000000000000000000000001"
	// hashed is an MD5.
	hashed = "5d41402abc4b2a76b9719d911017c592"
	least  = "portal_id=33167&ec=pageview&ea=view&t=1750000000123"
	inJSON = `{"portal_id":"33167","ec":"pageview","ea":"view","t":1750000000123`
)

// signIn is an event that identifies, with more extra and dims.
func signIn(extra, dims string) string {
	return inJSON + `,"uid":"` + anUID + `","extra":{"identify_id":"` + hashed + `","identify_time":1750000000100` + extra + `},"dims":{` + dims + `}}`
}

func posted(body string) rawEvent {
	return rawEvent{Post: true, ContentType: "application/json", Body: []byte(body)}
}

func TestAntsomiAccepts(t *testing.T) {
	t.Parallel()
	full := url.Values{
		"prop_id": {"9"}, "uid": {anUID}, "did": {aDevice}, "mid": {aMID}, "url": {"https://www.shop.test/?a=1"}, "ref": {"r"}, "title": {"T"},
		"sys": {`{ "language": "en", "screen": {"w": 1} }`}, "dims": {`{"users":{"favourite":"shoes","age":7,"none":null}}`},
		"extra": {`{"n":1}`}, "items": {`[ {"id":"1"} ]`}, "more": {"kept"},
	}
	whole := func(e *Incoming) {
		e.UID, e.Device, e.MessageID, e.URL, e.Referrer, e.Title = anUID, aDevice, aMID, "https://www.shop.test/?a=1", "r", "T"
		e.System, e.Dims = []byte(`{"language":"en","screen":{"w":1}}`), []byte(`{"users":{"favourite":"shoes","age":7,"none":null}}`)
		e.Extra, e.Items = []byte(`{"n":1}`), []byte(`[{"id":"1"}]`)
		e.SystemAttributes = map[string]string{"language": "en", "screen": `{"w":1}`}
		e.CustomAttributes = map[string]string{"favourite": "shoes", "age": "7"}
	}
	for _, c := range []struct {
		name, transport string
		raw             rawEvent
		want            func(*Incoming)
	}{
		{"the least", "query", rawEvent{Query: least}, nil},
		{"everything in the query", "query", rawEvent{Query: least + "&" + full.Encode()}, whole},
		{"everything in a body", "json", posted(inJSON + `,"prop_id":9,"uid":"` + anUID + `","did":"` + aDevice + `","mid":"` + aMID +
			`","url":"https://www.shop.test/?a=1","ref":"r","title":"T","sys":{ "language": "en", "screen": {"w": 1} },` +
			`"dims":{"users":{"favourite":"shoes","age":7,"none":null}},"extra":{"n":1},"items":[ {"id":"1"} ]}`), whole},
		{"a beacon", "text", rawEvent{Post: true, ContentType: "text/plain;charset=UTF-8", Body: []byte(inJSON + "}")}, nil},
		{"a body without a type", "text", rawEvent{Post: true, Body: []byte(" " + inJSON + "}\n")}, nil},
		{"query and body", "json", rawEvent{Query: least, Post: true, ContentType: "application/json", Body: []byte(`{"uid":"` + anUID + `"}`)},
			func(e *Incoming) { e.UID = anUID }},
		{"query and no body", "json", rawEvent{Query: least, Post: true, ContentType: "application/json"}, nil},
		{"nothing where null is", "json", posted(inJSON + `,"uid":null,"sys":null,"extra":{"identify_id":null}}`),
			func(e *Incoming) { e.Extra = []byte(`{"identify_id":null}`) }},
		{"time as text", "json", posted(strings.Replace(inJSON, "1750000000123", `"1750000000123"`, 1) + "}"), nil},
		{"an identification", "json", posted(signIn(`,"identify_event":"user_sign_in"`, `"customers":{"customer_id":"`+hashed+`","email":"a@b.test"}`)), func(e *Incoming) {
			e.UID = anUID
			e.Extra = []byte(`{"identify_id":"` + hashed + `","identify_time":1750000000100,"identify_event":"user_sign_in"}`)
			e.Dims = []byte(`{"customers":{"customer_id":"` + hashed + `","email":"a@b.test"}}`)
			e.CustomerAttributes = map[string]string{"email": "a@b.test"}
			e.Identify = &Identity{CID: hashed, CustomerID: hashed, Name: "user_sign_in", Time: time.UnixMilli(1750000000100).UTC()}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			want := Incoming{
				Portal:             "33167",
				Event:              Event{Category: "pageview", Action: "view", Made: time.UnixMilli(1750000000123).UTC()},
				CustomerAttributes: map[string]string{}, SystemAttributes: map[string]string{}, CustomAttributes: map[string]string{},
			}
			if c.want != nil {
				c.want(&want)
			}
			got := antsomi(c.raw)
			expect.Expect(got).To(HaveLen(1))
			expect.Expect(got[0].hit.Refused).To(BeEmpty())
			expect.Expect(*got[0].event).To(Equal(want))
			expect.Expect(got[0].hit.Dialect + " " + got[0].hit.Track + " " + got[0].hit.Transport).To(Equal("antsomi 33167 " + c.transport))
			expect.Expect(got[0].hit.Visitor).To(Equal(want.UID))
			expect.Expect(got[0].hit.Made).To(Equal(want.Made))
		})
	}
}

func TestAntsomiRefuses(t *testing.T) {
	t.Parallel()
	with := func(more string) rawEvent { return posted(inJSON + more + "}") }
	for _, c := range []struct {
		name   string
		raw    rawEvent
		reason string
	}{
		{"nothing", rawEvent{}, "parameter portal_id is missing"},
		{"no category", rawEvent{Query: "portal_id=1&ea=view&t=1750000000123"}, "parameter ec is missing"},
		{"no action", rawEvent{Query: "portal_id=1&ec=pageview&t=1750000000123"}, "parameter ea is missing"},
		{"no time", rawEvent{Query: "portal_id=1&ec=pageview&ea=view"}, "parameter t is missing"},
		{"time in seconds", rawEvent{Query: "portal_id=1&ec=pageview&ea=view&t=1750000000"}, "parameter t must be milliseconds since 1970"},
		{"portal that is no word", rawEvent{Query: strings.Replace(least, "33167", "a%20b", 1)}, "parameter portal_id must be at most 64 letters, digits, dots, dashes and underlines"},
		{"long portal", rawEvent{Query: strings.Replace(least, "33167", strings.Repeat("1", 65), 1)}, "parameter portal_id must be at most 64 letters, digits, dots, dashes and underlines"},
		{"long action", rawEvent{Query: strings.Replace(least, "ea=view", "ea="+strings.Repeat("v", 257), 1)}, "parameter ea is longer than 256 bytes"},
		{"short user ID", rawEvent{Query: least + "&uid=" + anUID[1:]}, "parameter uid must be 32 hexadecimal digits in lower case"},
		{"empty device", rawEvent{Query: least + "&did="}, "parameter did must be 32 hexadecimal digits in lower case"},
		{"message ID in upper case", rawEvent{Query: least + "&mid=" + strings.ToUpper(aDevice)}, "parameter mid must be 32 hexadecimal digits in lower case"},
		{"title that is no text", with(`,"title":{}`), "parameter title must be text"},
		{"twice in the query", rawEvent{Query: least + "&ec=x"}, "a parameter occurs twice"},
		{"in query and body", rawEvent{Query: least, Post: true, ContentType: "application/json", Body: []byte(`{"ec":"x"}`)}, "a parameter occurs twice"},
		{"sys that is no object", with(`,"sys":[]`), "parameter sys must be a JSON object in UTF-8 without a name twice"},
		{"dims in JSON in a text", with(`,"dims":"{\"a\":1,\"a\":1}"`), "parameter dims must be a JSON object in UTF-8 without a name twice"},
		{"items that are no list", with(`,"items":{}`), "parameter items must be a JSON list in UTF-8 without a name twice"},
		{"broken JSON in the query", rawEvent{Query: least + "&extra=%7B"}, "parameter extra must be a JSON object in UTF-8 without a name twice"},
		{"customers that are no object", with(`,"dims":{"customers":[]}`), "dims.customers must be a JSON object"},
		{"users that are no object", with(`,"dims":{"users":"x"}`), "dims.users must be a JSON object"},
		{"an ID that is a number", with(`,"extra":{"identify_id":1}`), "extra.identify_id must be text"},
		{"no object", posted(`[]`), "body must be a JSON object in UTF-8 without a name twice"},
		{"broken body", posted(inJSON), "body must be a JSON object in UTF-8 without a name twice"},
		{"a name twice", posted(`{"ec":"a","ec":"b"}`), "body must be a JSON object in UTF-8 without a name twice"},
		{"not UTF-8", posted("{\"ec\":\"\xff\"}"), "body must be a JSON object in UTF-8 without a name twice"},
		{"a form", rawEvent{Post: true, ContentType: "application/x-www-form-urlencoded", Body: []byte(least)}, "content type must be application/json or text/plain"},
		{"broken off", rawEvent{Post: true, Body: []byte(inJSON + "}"), Broken: true}, "body is not whole"},
		{"long body", posted(inJSON + strings.Repeat(" ", MaxBody) + "}"), "body is longer than 65536 bytes"},
		{"long query", rawEvent{Query: least + "&x=" + strings.Repeat("x", MaxQuery)}, "query is longer than 16384 bytes"},
		{"many parameters", posted("{" + manyMembers(MaxParameters+1) + "}"), "more than 256 parameters"},
		{"many attributes", with(`,"sys":{` + manyMembers(MaxParameters+1) + "}"), "more than 256 attributes"},
		{"a batch that is no list", with(`,"events":{}`), "events must be a list of JSON objects"},
		{"an empty batch", with(`,"events":[]`), "events is empty"},
		{"a batch of words", with(`,"events":["x"]`), "events must be a list of JSON objects"},
		{"a batch too large", with(`,"events":[` + strings.TrimSuffix(strings.Repeat("{},", MaxHits+1), ",") + "]"), "more than 256 hits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			got := antsomi(c.raw)
			expect.Expect(got).To(HaveLen(1))
			expect.Expect(got[0].hit.Refused).To(Equal(c.reason))
			expect.Expect(got[0].hit.Visitor).To(BeEmpty())
			expect.Expect(got[0].event).To(BeNil())
		})
	}
}

func manyMembers(n int) string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf(`"n%d":1`, i))
	}
	return strings.Join(members, ",")
}

func TestABatchSharesWhatStandsOutside(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	got := antsomi(posted(`{"portal_id":"1","events":[{"ec":"a","ea":"b","t":1750000000123},{"ec":"c","ea":"d"},{"portal_id":"2"},` +
		`{"ec":"e","ea":"f","t":1750000000124,"uid":"` + anUID + `"}]}`))
	expect.Expect(got).To(HaveLen(4))
	expect.Expect(refusal(got)).To(Equal("hit 2: parameter t is missing; hit 3: a parameter occurs twice"))
	expect.Expect(got[0].event.Portal + got[3].event.Portal).To(Equal("11"))
	expect.Expect(got[3].hit.Visitor).To(Equal(anUID))
}

func TestIdentityProblem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cid, uid, customerID string
		customer                   map[string]string
		noTime                     bool
		problem                    string
	}{
		{name: "a hash", cid: hashed},
		{name: "a hash and the same customer ID", cid: hashed, customerID: hashed},
		{name: "a number of the shop", cid: "order-17"},
		{name: "six digits", cid: "123456"},
		{name: "sixteen digits", cid: "1234567890123456"},
		{name: "empty", cid: " ", problem: "extra.identify_id is empty"},
		{name: "an address", cid: "anna@shop.test", problem: "extra.identify_id is an e-mail address; it must be hashed"},
		{name: "a telephone", cid: "+84 (0) 123-456.78", problem: "extra.identify_id is a telephone number; it must be hashed"},
		{name: "seven digits", cid: "1234567", problem: "extra.identify_id is a telephone number; it must be hashed"},
		{name: "fifteen digits", cid: "123456789012345", problem: "extra.identify_id is a telephone number; it must be hashed"},
		{name: "the e-mail without its sign", cid: "Anna", customer: map[string]string{"email": "anna"}, problem: "extra.identify_id is the customer's email; it must be hashed"},
		{name: "the telephone", cid: "x12", customer: map[string]string{"phone": "x12"}, problem: "extra.identify_id is the customer's phone; it must be hashed"},
		{name: "the name", cid: "Anna Ng", customer: map[string]string{"name": "Anna Ng "}, problem: "extra.identify_id is the customer's name; it must be hashed"},
		{name: "another customer ID", cid: hashed, customerID: "other", problem: "extra.identify_id and dims.customers.customer_id differ"},
		{name: "no time", cid: hashed, noTime: true, problem: "extra.identify_time must be milliseconds since 1970"},
		{name: "nobody", cid: hashed, uid: "-", problem: "parameter uid is missing: nobody is identified"},
		{name: "long", cid: strings.Repeat("a", 257), problem: "extra.identify_id must be at most 256 bytes without control characters"},
		{name: "a control character", cid: "a\x00b", problem: "extra.identify_id must be at most 256 bytes without control characters"},
	} {
		e := Incoming{Identify: &Identity{CID: c.cid, CustomerID: c.customerID, Time: time.UnixMilli(1750000000100)}, CustomerAttributes: c.customer}
		if e.UID = anUID; c.uid == "-" {
			e.UID = ""
		}
		if c.noTime {
			e.Identify.Time = time.Time{}
		}
		NewWithT(t).Expect(IdentityProblem(e)).To(Equal(c.problem), c.name)
	}
	NewWithT(t).Expect(IdentityProblem(Incoming{})).To(BeEmpty())
}

func FuzzAntsomi(f *testing.F) {
	f.Add(least, false, "", "")
	f.Add(least+"&uid="+anUID+"&sys=%7B%22a%22%3A1%7D", false, "", "")
	f.Add("", true, "application/json", signIn(`,"identify_event":"user_sign_in"`, `"customers":{"customer_id":"x"}`))
	f.Add("portal_id=1", true, "text/plain", `{"events":[{"ec":"a","ea":"b","t":1750000000123},{}]}`)
	f.Add("a=%zz", true, ";", `{"events":[[`)
	f.Fuzz(func(t *testing.T, query string, post bool, contentType, body string) {
		got := antsomi(rawEvent{Query: query, Post: post, ContentType: contentType, Body: []byte(body)})
		if n := len(got); n < 1 || n > MaxHits {
			t.Fatalf("%d hits", n)
		}
		for _, a := range got {
			if (a.hit.Refused == "") != (a.event != nil) {
				t.Errorf("refused %q with event %v", a.hit.Refused, a.event)
			}
			if a.event == nil {
				if a.hit.Visitor != "" {
					t.Errorf("visitor of a refused hit: %+v", a.hit)
				}
				continue
			}
			if _, err := rowOf(a.hit); err != nil {
				t.Errorf("%v: %+v", err, a.hit)
			}
			again := antsomi(rawEvent{Query: encoded(a.hit.Parameters)})[0]
			if len(encoded(a.hit.Parameters)) <= MaxQuery && (again.event == nil || again.event.UID != a.event.UID || !maps.Equal(again.event.CustomAttributes, a.event.CustomAttributes)) {
				t.Errorf("decoded %+v, encoded anew %+v", a, again)
			}
		}
	})
}

func encoded(parameters map[string]string) string {
	values := url.Values{}
	for name, value := range parameters {
		values.Set(name, value)
	}
	return values.Encode()
}
