package collector

import (
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const (
	track = "111111111111111"
	pageP = "p=600,www.shop.test%2Fproducts,1,1920x1080,24,1,1750000000123,0,1280x720,0"
	eid   = "1234567890123456789"
)

func TestMappAccepts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		raw  rawHit
		want func(*Hit)
	}{
		{"an identifiable hit", rawHit{Query: pageP + "&eid=" + eid + "&cd=u+1"}, func(h *Hit) {
			h.Visitor = eid
			h.Parameters["eid"], h.Parameters["cd"] = eid, "u 1"
		}},
		{"an anonymous hit", rawHit{Query: pageP + "&nc=1"}, func(h *Hit) {
			h.Anonymous = true
			h.Parameters["nc"] = "1"
		}},
		{"a hit that says neither", rawHit{Query: pageP + "&cd="}, func(h *Hit) { h.Parameters["cd"] = "" }},
		{"a body of text", rawHit{Post: true, ContentType: "text/plain;charset=UTF-8", Body: pageP}, func(h *Hit) { h.Transport = "text" }},
		{"a body without a type", rawHit{Post: true, Body: "?" + pageP}, func(h *Hit) { h.Transport = "text" }},
		{"a form", rawHit{Post: true, ContentType: "application/x-www-form-urlencoded", Body: pageP}, func(h *Hit) { h.Transport = "form" }},
		{"query and body", rawHit{Query: pageP, Post: true, Body: "nc=1"}, func(h *Hit) {
			h.Transport, h.Anonymous = "text", true
			h.Parameters["nc"] = "1"
		}},
		{"empty pairs", rawHit{Query: "&" + pageP + "&&"}, nil},
		{"nine parts", rawHit{Query: strings.TrimSuffix(pageP, ",0")}, func(h *Hit) {
			h.Parameters["p"] = strings.TrimSuffix(h.Parameters["p"], ",0")
		}},
		{"escaped commas", rawHit{Query: strings.ReplaceAll(pageP, ",", "%2C")}, nil},
		{"a comma in the page's name", rawHit{Query: strings.Replace(pageP, "products", "a%2Cb", 1)}, func(h *Hit) {
			h.Page = "www.shop.test/a,b"
			h.Parameters["p"] = strings.Replace(h.Parameters["p"], "products", "a,b", 1)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.raw.Track = track
			want := Hit{
				Dialect: "mapp", Track: track, Page: "www.shop.test/products", Transport: "query",
				Made:       time.Date(2025, 6, 15, 15, 6, 40, 123e6, time.UTC),
				Parameters: map[string]string{"p": "600,www.shop.test/products,1,1920x1080,24,1,1750000000123,0,1280x720,0"},
			}
			if c.want != nil {
				c.want(&want)
			}
			NewWithT(t).Expect(mapp(c.raw)).To(Equal(want))
		})
	}
}

func TestMappRefuses(t *testing.T) {
	t.Parallel()
	p := func(change func(parts []string)) string {
		parts := strings.Split(strings.TrimPrefix(pageP, "p="), ",")
		change(parts)
		return "p=" + strings.Join(parts, ",")
	}
	for _, c := range []struct {
		name   string
		raw    rawHit
		reason string
	}{
		{"short track ID", rawHit{Track: track[1:], Query: pageP}, "track ID must be 15 digits"},
		{"long track ID", rawHit{Track: track + "1", Query: pageP}, "track ID must be 15 digits"},
		{"track ID with a letter", rawHit{Track: "11111111111111a", Query: pageP}, "track ID must be 15 digits"},
		{"no p", rawHit{Query: "eid=" + eid}, "parameter p is missing"},
		{"nothing", rawHit{}, "parameter p is missing"},
		{"empty p", rawHit{Query: "p="}, "parameter p must have at least 9 parts"},
		{"eight parts", rawHit{Query: "p=600,x,1,1x1,24,1,1750000000123,0"}, "parameter p must have at least 9 parts"},
		{"no version", rawHit{Query: p(func(s []string) { s[0] = "" })}, "parameter p must begin with its version"},
		{"version that is a word", rawHit{Query: p(func(s []string) { s[0] = "six" })}, "parameter p must begin with its version"},
		{"time in seconds", rawHit{Query: p(func(s []string) { s[6] = "1750000000" })}, "parameter p must have the time in milliseconds as its seventh part"},
		{"negative time", rawHit{Query: p(func(s []string) { s[6] = "-175000000000" })}, "parameter p must have the time in milliseconds as its seventh part"},
		{"short eid", rawHit{Query: pageP + "&eid=" + eid[1:]}, "parameter eid must be 19 digits"},
		{"empty eid", rawHit{Query: pageP + "&eid="}, "parameter eid must be 19 digits"},
		{"nc of 0", rawHit{Query: pageP + "&nc=0"}, "parameter nc must be 1"},
		{"empty nc", rawHit{Query: pageP + "&nc="}, "parameter nc must be 1"},
		{"nc and eid", rawHit{Query: pageP + "&eid=" + eid + "&nc=1"}, "parameters nc and eid exclude each other"},
		{"nc and eid in two places", rawHit{Query: pageP + "&eid=" + eid, Post: true, Body: "nc=1"}, "parameters nc and eid exclude each other"},
		{"twice", rawHit{Query: pageP + "&cd=1&cd=1"}, "a parameter occurs twice"},
		{"twice in two places", rawHit{Query: pageP, Post: true, Body: pageP}, "a parameter occurs twice"},
		{"broken escape", rawHit{Query: pageP + "&cd=%4"}, "a parameter's value is not percent-encoded UTF-8"},
		{"broken name", rawHit{Query: pageP + "&%zz=1"}, "a parameter's name is not percent-encoded UTF-8"},
		{"not UTF-8", rawHit{Query: pageP + "&cd=%ff"}, "a parameter's value is not percent-encoded UTF-8"},
		{"JSON", rawHit{Post: true, ContentType: "application/json", Body: "{}"}, "content type must be text/plain or application/x-www-form-urlencoded"},
		{"broken content type", rawHit{Post: true, ContentType: ";", Body: pageP}, "content type must be text/plain or application/x-www-form-urlencoded"},
		{"broken off", rawHit{Post: true, Body: pageP, Broken: true}, "body is not whole"},
		{"long query", rawHit{Query: pageP + "&cd=" + strings.Repeat("x", MaxQuery)}, "query is longer than 16384 bytes"},
		{"long body", rawHit{Post: true, Body: pageP + "&cd=" + strings.Repeat("x", MaxBody)}, "body is longer than 65536 bytes"},
		{"many parameters", rawHit{Post: true, Body: pageP + manyParameters(MaxParameters)}, "more than 256 parameters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			if c.raw.Track == "" {
				c.raw.Track = track
			}
			hit := mapp(c.raw)
			expect.Expect(hit.Refused).To(Equal(c.reason))
			expect.Expect(hit.Visitor).To(BeEmpty())
			expect.Expect(hit.Parameters).NotTo(HaveKey("eid"))
		})
	}
}

func manyParameters(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString("&uc" + strings.Repeat("1", i+1) + "=x")
	}
	return text.String()
}

func FuzzMapp(f *testing.F) {
	f.Add(track, pageP+"&eid="+eid, false, "", "")
	f.Add(track, pageP+"&nc=1", false, "", "")
	f.Add(track, pageP+"&nc=1&eid="+eid, true, "text/plain", "x=1")
	f.Add(track, "", true, "application/x-www-form-urlencoded", "?"+strings.ReplaceAll(pageP, ",", "%2C"))
	f.Add(track, "", true, "text/plain", pageP+"&eid="+eid+"\n\r\n?"+pageP+"&nc=1\n")
	f.Add("1", "p=%zz&&=&a", true, ";;", "\xff=\xfe")
	f.Fuzz(func(t *testing.T, track, query string, post bool, contentType, body string) {
		hit := mapp(rawHit{Track: track, Query: query, Post: post, ContentType: contentType, Body: body})
		if hit.Visitor != "" && (hit.Anonymous || hit.Refused != "" || !digits(hit.Visitor, 19)) {
			t.Errorf("visitor %q of %+v", hit.Visitor, hit)
		}
		if _, kept := hit.Parameters["eid"]; kept && hit.Visitor == "" {
			t.Errorf("eid is kept of %+v", hit)
		}
		several := batch(rawHit{Track: track, Query: query, Post: post, ContentType: contentType, Body: body})
		if n := len(several); n < 1 || n > MaxHits {
			t.Errorf("%d hits of a batch", n)
		}
		for _, one := range several {
			if one.Visitor != "" && (one.Anonymous || one.Refused != "") {
				t.Errorf("visitor %q in a batch: %+v", one.Visitor, one)
			}
		}
		if hit.Refused != "" {
			return
		}
		values := url.Values{}
		for name, value := range hit.Parameters {
			values.Set(name, value)
		}
		again := mapp(rawHit{Track: track, Post: true, Body: values.Encode()})
		// A page's name with a comma cannot be told from two parts any more, and
		// what is encoded anew may be longer.
		if !strings.Contains(hit.Page, ",") && len(values.Encode()) <= MaxBody && again.Visitor != hit.Visitor {
			t.Errorf("decoded %+v, encoded anew %+v", hit, again)
		}
	})
}
