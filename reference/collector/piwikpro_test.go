package collector

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const (
	leastVisit    = "idsite=0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a01&rec=1&ts=1750000000123"
	anID          = "0123456789abcdef"
	aSes          = "fedcba9876543210"
	anonymousHit  = leastVisit + "&uia=1&ses=" + aSes
	identifiedHit = leastVisit + "&_id=" + anID
)

func inBulk(requests ...string) rawVisit {
	var list []string
	for _, one := range requests {
		list = append(list, strconv.Quote(one))
	}
	return rawVisit{Post: true, ContentType: "application/json", Body: []byte(`{"requests":[` + strings.Join(list, ",") + `]}`)}
}

func TestPiwikProAccepts(t *testing.T) {
	t.Parallel()
	site := ExampleSites()[0].ID
	for _, c := range []struct {
		name, transport string
		raw             rawVisit
		want            Visit
		kept            string // of the parameters beside the least
	}{
		{"an anonymous page view", "query", rawVisit{Query: anonymousHit}, Visit{Site: site, Anonymous: true, Temporary: aSes}, "uia"},
		{"an identified page view", "query", rawVisit{Query: identifiedHit}, Visit{Site: site, Visitor: anID}, "_id"},
		{"a customer", "query", rawVisit{Query: identifiedHit + "&uid=anna%40shop.test"}, Visit{Site: site, Visitor: anID}, "_id uid"},
		{"all of a page view", "query", rawVisit{Query: anonymousHit + "&url=https%3A%2F%2Fwww.shop.test%2F&urlref=&action_name=Home&pv_id=aB3dE6&rand=012345&res=1920x1080&lang=en-GB"},
			Visit{Site: site, Anonymous: true, Temporary: aSes}, "action_name lang pv_id rand res uia url urlref"},
		{"an event", "query", rawVisit{Query: anonymousHit + "&e_c=cart&e_a=add&e_n=shoe&e_v=-12.5"}, Visit{Site: site, Kind: Action, Anonymous: true, Temporary: aSes}, "e_a e_c e_n e_v uia"},
		{"an agreement", "query", rawVisit{Query: identifiedHit + "&ping=4&ses=" + aSes}, Visit{Site: site, Kind: Agreement, Visitor: anID, Agreed: []string{aSes}}, "_id ping"},
		{"a form", "form", rawVisit{Post: true, ContentType: "application/x-www-form-urlencoded", Body: []byte(anonymousHit)}, Visit{Site: site, Anonymous: true, Temporary: aSes}, "uia"},
		{"a beacon", "text", rawVisit{Post: true, ContentType: "text/plain;charset=UTF-8", Body: []byte("?" + anonymousHit)}, Visit{Site: site, Anonymous: true, Temporary: aSes}, "uia"},
		{"query and body", "text", rawVisit{Query: leastVisit, Post: true, Body: []byte("_id=" + anID)}, Visit{Site: site, Visitor: anID}, "_id"},
		{"a bulk", "json", inBulk("?" + anonymousHit), Visit{Site: site, Anonymous: true, Temporary: aSes}, "uia"},
		{"a bulk as text", "text", rawVisit{Post: true, Body: []byte(` {"requests":["` + identifiedHit + `"],"token_auth":"x"}`)}, Visit{Site: site, Visitor: anID}, "_id"},
		{"what the dialect does not know of an identified hit", "query", rawVisit{Query: identifiedHit + "&gt_ms=12"}, Visit{Site: site, Visitor: anID}, "_id gt_ms"},
		{"… is not kept of an anonymous one", "query", rawVisit{Query: anonymousHit + "&cid=" + anID}, Visit{Site: site, Anonymous: true, Temporary: aSes}, "uia"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			got, _ := piwikpro(c.raw)
			expect.Expect(got).To(HaveLen(1))
			expect.Expect(got[0].hit.Refused).To(BeEmpty())
			expect.Expect(*got[0].visit).To(Equal(c.want))
			made := time.UnixMilli(1750000000123).UTC()
			expect.Expect(got[0].made).To(Equal(made))
			hit := got[0].hit
			kept := slices.DeleteFunc(slices.Sorted(maps.Keys(hit.Parameters)), func(name string) bool { return strings.Contains("idsite rec ts", name) })
			expect.Expect(strings.Join(kept, " ")).To(Equal(c.kept))
			hit.Parameters = nil
			expect.Expect(hit).To(Equal(Hit{
				Dialect: "piwikpro", Transport: c.transport, Track: site, Made: made, Visitor: c.want.Visitor, Anonymous: c.want.Anonymous, Page: got[0].hit.Page,
			}))
		})
	}
}

func TestPiwikProRefuses(t *testing.T) {
	t.Parallel()
	form := func(body string) rawVisit {
		return rawVisit{Post: true, ContentType: "application/x-www-form-urlencoded", Body: []byte(body)}
	}
	json := func(body string) rawVisit {
		return rawVisit{Post: true, ContentType: "application/json", Body: []byte(body)}
	}
	for _, c := range []struct {
		name   string
		raw    rawVisit
		reason string
	}{
		{"nothing", rawVisit{}, "parameter idsite is missing"},
		{"a site that is none", rawVisit{Query: strings.Replace(anonymousHit, "0b2f", "0B2F", 1)}, "parameter idsite must be a UUID in lower case"},
		{"no rec", rawVisit{Query: strings.Replace(anonymousHit, "rec=1", "", 1)}, "parameter rec is missing"},
		{"another rec", rawVisit{Query: strings.Replace(anonymousHit, "rec=1", "rec=0", 1)}, "parameter rec must be 1"},
		{"no time", rawVisit{Query: strings.Replace(anonymousHit, "ts=", "s=", 1)}, "parameter ts is missing"},
		{"seconds", rawVisit{Query: strings.Replace(anonymousHit, "0123&", "&", 1)}, "parameter ts must be milliseconds since 1970"},
		{"uia of 0", rawVisit{Query: strings.Replace(anonymousHit, "uia=1", "uia=0", 1)}, "parameter uia must be 1"},
		{"a short ID", rawVisit{Query: leastVisit + "&_id=" + anID[1:]}, "parameter _id must be 16 hexadecimal digits in lower case"},
		{"ses in upper case", rawVisit{Query: leastVisit + "&uia=1&ses=" + strings.ToUpper(aSes)}, "parameter ses must be 16 hexadecimal digits in lower case"},
		{"an empty uid", rawVisit{Query: identifiedHit + "&uid="}, "parameter uid must be 1 to 256 bytes without control characters"},
		{"another ping", rawVisit{Query: identifiedHit + "&ping=6&ses=" + aSes}, "parameter ping must be 4"},
		{"a long pv_id", rawVisit{Query: anonymousHit + "&pv_id=" + anID}, "parameter pv_id must be 6 letters and digits"},
		{"rand of letters", rawVisit{Query: anonymousHit + "&rand=abcdef"}, "parameter rand must be 6 digits"},
		{"a resolution of one number", rawVisit{Query: anonymousHit + "&res=1920"}, "parameter res must be like 1920x1080"},
		{"a language that is none", rawVisit{Query: anonymousHit + "&lang=" + strings.Repeat("e", 36)}, "parameter lang must be a language's tag"},
		{"a value that is none", rawVisit{Query: anonymousHit + "&e_c=a&e_a=b&e_v=NaN"}, "parameter e_v must be a number"},
		{"an infinite value", rawVisit{Query: anonymousHit + "&e_c=a&e_a=b&e_v=1e999"}, "parameter e_v must be a number"},
		{"a long category", rawVisit{Query: anonymousHit + "&e_a=b&e_c=" + strings.Repeat("c", 257)}, "parameter e_c must be 1 to 256 bytes without control characters"},
		{"an address with NUL", rawVisit{Query: anonymousHit + "&url=%00"}, "parameter url must be text"},
		{"anonymous with an ID", rawVisit{Query: anonymousHit + "&_id=" + anID}, "parameter uia excludes _id and uid"},
		{"anonymous with a customer", rawVisit{Query: anonymousHit + "&uid=anna"}, "parameter uia excludes _id and uid"},
		{"anonymous ping", rawVisit{Query: anonymousHit + "&ping=4"}, "parameter uia excludes ping"},
		{"anonymous without cookie", rawVisit{Query: leastVisit + "&uia=1"}, "parameter ses is missing: an anonymous session has a temporary cookie"},
		{"nobody", rawVisit{Query: leastVisit}, "parameters uia and _id are both missing: nobody says who it is"},
		{"a customer alone", rawVisit{Query: leastVisit + "&uid=anna"}, "parameters uia and _id are both missing: nobody says who it is"},
		{"ping without session", rawVisit{Query: identifiedHit + "&ping=4"}, "parameter ses is missing: ping is for an anonymous session"},
		{"identified with a temporary cookie", rawVisit{Query: identifiedHit + "&ses=" + aSes}, "parameter ses belongs to anonymous hits and to ping"},
		{"ping that is an event", rawVisit{Query: identifiedHit + "&ping=4&e_c=a&e_a=b&ses=" + aSes}, "parameters ping and e_c exclude each other"},
		{"half an event", rawVisit{Query: anonymousHit + "&e_c=cart"}, "an event has both e_c and e_a"},
		{"a value of no event", rawVisit{Query: anonymousHit + "&e_v=1"}, "an event has both e_c and e_a"},
		{"twice", rawVisit{Query: anonymousHit + "&rec=1"}, "a parameter occurs twice"},
		{"in query and body", rawVisit{Query: anonymousHit, Post: true, Body: []byte("rec=1")}, "a parameter occurs twice"},
		{"not encoded", rawVisit{Query: anonymousHit + "&url=%zz"}, "a parameter's value is not percent-encoded UTF-8"},
		{"long query", rawVisit{Query: anonymousHit + "&url=" + strings.Repeat("x", MaxQuery)}, "query is longer than 16384 bytes"},
		{"long body", form(anonymousHit + "&url=" + strings.Repeat("x", MaxBody)), "body is longer than 65536 bytes"},
		{"broken off", rawVisit{Post: true, Body: []byte(anonymousHit), Broken: true}, "body is not whole"},
		{"another type", rawVisit{Post: true, ContentType: "image/gif", Body: []byte(anonymousHit)}, "content type must be text/plain or application/x-www-form-urlencoded"},
		{"an import alone", rawVisit{Query: anonymousHit + "&cip=192.0.2.1"}, "parameters cip and cdt belong into a body with several hits"},
		{"a token in the query", rawVisit{Query: anonymousHit + "&token_auth=x"}, "token_auth belongs beside the requests of a body with several hits"},
		{"an import from nowhere", inBulk(anonymousHit + "&cip=localhost"), "parameter cip must be an address"},
		{"an import of no time", inBulk(anonymousHit + "&cdt=2026-01-02"), "parameter cdt must be milliseconds since 1970"},
		{"a bulk with a query", rawVisit{Query: "idsite=1", Post: true, ContentType: "application/json", Body: []byte(`{"requests":["` + anonymousHit + `"]}`)}, "a body with several hits takes no query"},
		{"an empty bulk", json(`{"requests":[]}`), "requests is empty"},
		{"a bulk that is none", json(`["` + anonymousHit + `"]`), `body must be {"requests": ["?idsite=…", …]} in UTF-8, with token_auth or without`},
		{"a bulk with more", json(`{"requests":["a"],"send_image":0}`), `body must be {"requests": ["?idsite=…", …]} in UTF-8, with token_auth or without`},
		{"a bulk too large", inBulk(slices.Repeat([]string{anonymousHit}, MaxHits+1)...), "more than 256 hits"},
		{"a bulk too long", json(`{"requests":["` + strings.Repeat("x", MaxBulk) + `"]}`), "body is longer than 1048576 bytes"},
		{"a bulk broken off", rawVisit{Post: true, ContentType: "application/json", Body: []byte(`{"requests":["a"]}`), Broken: true}, "body is not whole"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			got, _ := piwikpro(c.raw)
			expect.Expect(got).To(HaveLen(1))
			expect.Expect(got[0].hit.Refused).To(Equal(c.reason))
			expect.Expect(got[0].visit).To(BeNil())
			expect.Expect(got[0].hit.Visitor).To(BeEmpty())
			for _, name := range []string{"_id", "uid", "ses", "cip", "cdt", "token_auth"} {
				expect.Expect(got[0].hit.Parameters).NotTo(HaveKey(name))
			}
			for name, value := range got[0].hit.Parameters {
				expect.Expect(value).NotTo(Or(ContainSubstring(anID), ContainSubstring(aSes)), name)
			}
		})
	}
}

func TestABulkTellsWhichHitsAreRefused(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	got, token := piwikpro(rawVisit{Post: true, ContentType: "application/json", Body: []byte(`{"token_auth":"s3cret","requests":["?` + anonymousHit + `","rec=1","` + identifiedHit + `&cip=192.0.2.1&cdt=1750000000124"]}`)})
	expect.Expect(token).To(Equal("s3cret"))
	expect.Expect(got).To(HaveLen(3))
	expect.Expect(got[1].hit.Refused).To(Equal("parameter idsite is missing"))
	expect.Expect(got[2].played.address.String()).To(Equal("192.0.2.1"))
	expect.Expect(got[2].played.arrived.UnixMilli()).To(BeEquivalentTo(1750000000124))
}

func TestHappened(t *testing.T) {
	t.Parallel()
	arrived := time.UnixMicro(1750000000000500).UTC()
	whole := arrived.Truncate(time.Millisecond)
	for _, c := range []struct{ made, want time.Time }{
		{time.Time{}, whole}, {arrived.Add(time.Millisecond), whole}, {arrived.Add(-24*time.Hour - 1), whole},
		{whole.Add(-time.Second), whole.Add(-time.Second)}, {arrived.Add(-24 * time.Hour), whole.Add(-24 * time.Hour)},
	} {
		NewWithT(t).Expect(happened(c.made, arrived)).To(Equal(c.want), c.made.String())
	}
}

func FuzzPiwikPro(f *testing.F) {
	f.Add(anonymousHit, false, "", "")
	f.Add(identifiedHit+"&uid=anna&e_c=a&e_a=b&e_v=1", false, "", "")
	f.Add("", true, "text/plain", identifiedHit+"&ping=4&ses="+aSes)
	f.Add("", true, "application/json", `{"requests":["?`+anonymousHit+`&cip=192.0.2.1","`+identifiedHit+`"],"token_auth":"x"}`)
	f.Add("cip=::1&cdt=1", true, ";", `{"requests":[[`)
	f.Fuzz(func(t *testing.T, query string, post bool, contentType, body string) {
		got, _ := piwikpro(rawVisit{Query: query, Post: post, ContentType: contentType, Body: []byte(body)})
		if n := len(got); n < 1 || n > MaxHits {
			t.Fatalf("%d hits", n)
		}
		for _, a := range got {
			if (a.hit.Refused == "") != (a.visit != nil) {
				t.Errorf("refused %q with %v", a.hit.Refused, a.visit)
			}
			for _, name := range []string{"ses", "cip", "cdt", "token_auth"} {
				if _, there := a.hit.Parameters[name]; there {
					t.Errorf("%s is kept", name)
				}
			}
			if _, err := rowOf(a.hit); err != nil {
				t.Errorf("%v: %+v", err, a.hit)
			}
			if a.visit == nil || a.visit.Anonymous {
				for name := range a.hit.Parameters {
					if name == "_id" || name == "uid" || !known(name) {
						t.Errorf("%s is kept of %+v", name, a.hit)
					}
				}
				if a.hit.Visitor != "" {
					t.Errorf("a visitor is kept of %+v", a.hit)
				}
			}
			if a.visit != nil {
				again(t, a)
			}
		}
	})
}

// again decodes a hit anew from what it means, which must be the same.
func again(t *testing.T, a visitArrival) {
	q := url.Values{}
	for name, value := range a.hit.Parameters {
		q.Set(name, value)
	}
	for _, ses := range append([]string{a.visit.Temporary}, a.visit.Agreed...) {
		if ses != "" {
			q.Set("ses", ses)
		}
	}
	if len(q) > MaxParameters || len(q.Encode()) > MaxQuery {
		return
	}
	anew, _ := piwikpro(rawVisit{Query: q.Encode()})
	if anew[0].visit == nil || anew[0].visit.Kind != a.visit.Kind || anew[0].visit.Visitor != a.visit.Visitor || !slices.Equal(anew[0].visit.Agreed, a.visit.Agreed) ||
		anew[0].visit.Temporary != a.visit.Temporary || !maps.Equal(anew[0].hit.Parameters, a.hit.Parameters) {
		t.Errorf("decoded %+v, encoded anew %+v", a, anew[0])
	}
}

func known(name string) bool {
	return slices.ContainsFunc(visitParameters, func(p parameter) bool { return p.name == name })
}
