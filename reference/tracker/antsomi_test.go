package tracker_test

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

const someID = `^[0-9a-f]{32}$`

func TestThePageIsViewedAsSoonAsTheTrackerIsThere(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.run(`document.referrer = "https://search.test/?q=a"`)
	w.visit(home+"products?x=1", site("", ""))
	expect.Expect(w.requests()).To(HaveLen(1))
	jar := w.cookies()
	uid, did := jar["_asm_uid"], jar["_asm_did"]
	expect.Expect(uid).To(MatchRegexp(someID))
	expect.Expect(did).To(MatchRegexp(someID))
	expect.Expect(uid).NotTo(Equal(did))
	sent := w.events()[0]
	expect.Expect(sent.Message).To(MatchRegexp(someID))
	expect.Expect(w.requests()[0].URL).To(Equal("https://collect.vendor.test/event" +
		"?portal_id=33167&prop_id=556301&ec=pageview&ea=view&uid=" + uid + "&did=" + did + "&mid=" + sent.Message + "&t=1750000000000" +
		"&url=https%3A%2F%2Fwww.shop.test%2Fproducts%3Fx%3D1&ref=https%3A%2F%2Fsearch.test%2F%3Fq%3Da&title=Shop" +
		"&sys=%7B%22language%22%3A%22en-GB%22%2C%22screen%22%3A%221920x1080%22%2C%22viewport%22%3A%221280x720%22%2C%22timezone%22%3A%22Europe%2FBerlin%22%2C%22platform%22%3A%22Linux%20x86_64%22%7D"))
	expect.Expect(w.writes()).To(Equal([]string{
		"_asm_uid=" + uid + "; Max-Age=1800; Path=/; Domain=shop.test; SameSite=Lax",
		"_asm_did=" + did + "; Max-Age=63072000; Path=/; Domain=shop.test; SameSite=Lax",
		"_asm_visitor_type=anonymous; Max-Age=1800; Path=/; Domain=shop.test; SameSite=Lax",
	}))
	expect.Expect(w.said()).To(BeEmpty())
}

func TestTheDocumentsExampleIdentifies(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", ""))
	w.run("world.now += 1000; " + signIn)
	sent := w.events()[1]
	expect.Expect(sent.Category + " " + sent.Action).To(Equal("user sign_in"))
	expect.Expect(sent.Extra).To(Equal(map[string]any{
		"identify_id": annasID, "identify_time": 1750000001000.0, "identify_event": "user_sign_in", "identify_type": "exact",
	}))
	expect.Expect(sent.Dims).To(Equal(map[string]map[string]any{
		"customers": {"customer_id": annasID, "name": "Anna Ünal", "email": "anna@shop.test"},
	}))
	expect.Expect(sent.UID).To(Equal(w.events()[0].UID))
	expect.Expect(w.cookies()).To(HaveKeyWithValue("_asm_visitor_type", "customer"))
	expect.Expect(w.said()).To(BeEmpty())
	w.run(`web_event.track("product", "view")`)
	expect.Expect(w.cookies()).To(HaveKeyWithValue("_asm_visitor_type", "customer"))
	last := w.events()[2]
	expect.Expect(last.Extra).To(BeNil(), "who it was is not remembered")
	expect.Expect(last.Dims).To(BeNil())
}

func TestAVisitEndsThirtyMinutesAfterItsLastEvent(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", ""))
	w.run(signIn)
	for range 3 {
		w.run("world.now += 29 * 60000")
		w.visit(home, site("", ""))
	}
	w.run("world.now += 30 * 60000")
	w.run(`web_event.track("product", "view")`)
	sent := w.events()
	expect.Expect(sent).To(HaveLen(6))
	for _, e := range sent[:5] {
		expect.Expect(e.UID).To(Equal(sent[0].UID))
	}
	expect.Expect(sent[5].UID).NotTo(Equal(sent[0].UID), "an open page too begins another visit")
	for _, e := range sent {
		expect.Expect(e.Device).To(Equal(sent[0].Device))
	}
	expect.Expect(w.cookies()).To(HaveKeyWithValue("_asm_visitor_type", "anonymous"))
}

func TestMalformedKeysAreReplaced(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, "document.cookie = '_asm_uid=anna@shop.test; Path=/; Domain=shop.test'; document.cookie = '_asm_did=; Path=/';"+site("", ""))
	expect.Expect(w.events()[0].UID).To(MatchRegexp(someID))
	expect.Expect(w.events()[0].Device).To(MatchRegexp(someID))
}

func TestResetMakesAnotherVisitorOfThisOne(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", ""))
	w.run(signIn)
	before := w.cookies()
	w.run("web_event.resetAnonymousUId()")
	after := w.cookies()
	for _, name := range []string{"_asm_uid", "_asm_did"} {
		expect.Expect(after[name]).To(MatchRegexp(someID))
		expect.Expect(after[name]).NotTo(Equal(before[name]), name)
	}
	expect.Expect(after).To(HaveKeyWithValue("_asm_visitor_type", "anonymous"))
	w.run(`web_event.track("product", "view")`)
	w.visit(home, site("", ""))
	for _, e := range w.events()[2:] {
		expect.Expect(e.UID).To(Equal(after["_asm_uid"]))
		expect.Expect(e.Device).To(Equal(after["_asm_did"]))
		expect.Expect(e.Extra).To(BeNil())
		expect.Expect(e.Dims).To(BeNil())
	}
	expect.Expect(w.events()[2:]).To(HaveLen(2))
}

func TestResetInAnotherTabHolds(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", ""))
	w.run("document.cookie = '_asm_uid=" + strings.Repeat("a", 32) + "; Path=/; Domain=shop.test'; document.cookie = '_asm_did=" + strings.Repeat("b", 32) + "; Path=/; Domain=shop.test';" +
		`web_event.track("product", "view")`)
	expect.Expect(w.events()[1].UID).To(Equal(strings.Repeat("a", 32)))
	expect.Expect(w.events()[1].Device).To(Equal(strings.Repeat("b", 32)))
}

func TestEveryEventHasAMessageIDOfItsOwn(t *testing.T) {
	t.Parallel()
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", strings.Repeat("web_event.track('product', 'view');", 20)))
	seen := map[string]bool{}
	for _, e := range w.events() {
		seen[e.Message] = true
	}
	NewWithT(t).Expect(seen).To(HaveLen(21))
}

func TestCallsBeforeTheTrackerHasLoadedRunInOrder(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", `web_event.track("a", "first");
window.kept = web_event;
web_event(function () { web_event.track("a", "second", {extra: {hash: _cdpEventFunction.md5("x")}}); });
web_event(function () { throw new Error("broken"); });
web_event("trak", "a", "b");
web_event();
web_event("track", "a", "third");`))
	expect.Expect(names(w.events())).To(Equal([]string{"view", "first", "second", "third"}))
	expect.Expect(w.said()).To(ContainSubstring("error: [web_event] a call from the queue failed: Error: broken"))
	expect.Expect(w.said()).To(ContainSubstring(`error: [web_event] there is no web_event.trak; did you mean "track"?`))
	expect.Expect(w.said()).To(ContainSubstring("error: [web_event] there is no web_event.undefined"))
	w.run(`kept.track("a", "later"); kept(function () { kept.track("a", "at once"); }); web_event("track", "a", "and this")`)
	expect.Expect(names(w.events())[4:]).To(Equal([]string{"later", "at once", "and this"}))
}

func TestAPageWithoutAStubIsServedToo(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, "")
	expect.Expect(w.requests()).To(BeEmpty())
	expect.Expect(w.cookies()["_asm_uid"]).To(MatchRegexp(someID), "the visitor has one as soon as the tracker is there")
	expect.Expect(w.said()).To(Equal("error: [web_event] nothing is sent until web_event.config is called with portal_id, prop_id, domain"))
	w.run("web_event.track('a', 'b'); web_event.config({portal_id: 33167, prop_id: 556301, domain: 'collect.vendor.test'})")
	expect.Expect(names(w.events())).To(Equal([]string{"view", "b"}))
	expect.Expect(w.events()[0].Portal).To(Equal("33167"))
	w.run(`web_event("track", "a", "c")`)
	expect.Expect(names(w.events())).To(Equal([]string{"view", "b", "c"}))
}

func TestALogoutClickedBeforeTheTrackerHasLoadedHoldsForThePageToo(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", ""))
	w.run(signIn)
	before := w.cookies()["_asm_uid"]
	w.visit(home, site("", "web_event.track('a', 'before'); web_event.resetAnonymousUId(); web_event.track('a', 'after');"))
	sent := w.events()[2:]
	expect.Expect(names(sent)).To(Equal([]string{"before", "view", "after"}))
	expect.Expect(sent[0].UID).To(Equal(before))
	expect.Expect(sent[1].UID).NotTo(Equal(before))
	expect.Expect(sent[2].UID).To(Equal(sent[1].UID))
}

func TestLoadingTheTrackerTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", ""))
	w.run(w.script)
	expect.Expect(w.said()).To(ContainSubstring("loaded twice"))
	w.run("web_event.track('a', 'b')")
	expect.Expect(names(w.events())).To(Equal([]string{"view", "b"}))
}

func TestWhoGetsTheEventsIsSaidOnce(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", "web_event.config({portal_id: '1', transport: 'json'}); web_event.track('a', 'b');"))
	expect.Expect(w.said()).To(ContainSubstring("portal_id, prop_id, domain stay as they were set first"))
	expect.Expect(w.events()[1].Portal).To(Equal("33167"))
	expect.Expect(w.requests()[1].By).To(Equal("form"))
}

func TestTheTransportsCarryTheSame(t *testing.T) {
	t.Parallel()
	const calls = `web_event.track("user", "act", {dims: {users: {"favourite ö": "a&b=c"}}, items: [{id: 7, name: "", tags: []}, "", null], extra: {left: undefined, none: null, zero: 0, no: false}});`
	for _, transport := range tracker.Transports("antsomi") {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openShop(t, tracker.Options{})
			w.visit(home+"ä?ö=ü", site(", transport: '"+transport+"'", calls))
			sent := w.events()
			expect.Expect(names(sent)).To(Equal([]string{"view", "act"}))
			e := sent[1]
			expect.Expect(e.Portal + " " + e.Prop).To(Equal("33167 556301"))
			expect.Expect(e.URL).To(Equal(home + "ä?ö=ü"))
			expect.Expect(e.Made).To(BeEquivalentTo(1750000000000))
			expect.Expect(e.System).To(HaveKeyWithValue("platform", "Linux x86_64"))
			expect.Expect(e.Dims).To(Equal(map[string]map[string]any{"users": {"favourite ö": "a&b=c"}}))
			expect.Expect(e.Items).To(Equal([]any{map[string]any{"id": 7.0}, "", nil}))
			expect.Expect(e.Extra).To(Equal(map[string]any{"zero": 0.0, "no": false}))
			r := w.requests()[1]
			expect.Expect(strings.Contains(r.URL, "?")).To(Equal(transport == "image"))
			switch transport {
			case "json":
				expect.Expect(r.Options.Method).To(Equal("POST"))
				expect.Expect(r.Options.Credentials).To(Equal("omit"))
				expect.Expect(r.Options.Keepalive).To(BeTrue())
				expect.Expect(r.Options.Headers).To(HaveKeyWithValue("Content-Type", "application/json"))
			default:
				expect.Expect(r.By).To(Equal(transport))
			}
		})
	}
}

func TestWhatIsTooLongForAnAddressGoesInABody(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", `web_event.track("a", "long", {extra: {text: "ö".repeat(3000)}});`))
	expect.Expect(w.requests()[1].By).To(Equal("form"))
	expect.Expect(w.events()[1].Extra).To(HaveKeyWithValue("text", strings.Repeat("ö", 3000)))
	expect.Expect(len(w.requests()[1].Body)).To(Equal(len([]rune(w.requests()[1].Body))), "it weighs what it is long")
}

func TestHashes(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", ""))
	hash := func(name, text string) string {
		return read[string](w, "_cdpEventFunction."+name+"("+text+")")
	}
	// RFC 1321, A.5, and FIPS 180-4's examples.
	for text, want := range map[string]string{
		"a":                          "0cc175b9c0f1b6a831c399e269772661",
		"abc":                        "900150983cd24fb0d6963f7d28e17f72",
		"message digest":             "f96b697d7cb7938d525a2f31aaf161d0",
		"abcdefghijklmnopqrstuvwxyz": "c3fcd3d76192e4007dfb496cca67e13b",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789": "d174ab98d277d9f5a5611c2c9f419d9f",
		strings.Repeat("1234567890", 8):                                  "57edf4a22be3c955ac49da2e2107b67a",
	} {
		expect.Expect(hash("md5", strconv.Quote(text))).To(Equal(want), text)
	}
	expect.Expect(hash("sha256", `"abc"`)).To(Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
	expect.Expect(hash("sha256", `"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"`)).To(Equal("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"))
	// Every length about the ends of a block, and more than one byte a character.
	var texts []string
	for n := range 140 {
		for _, letter := range []string{"x", "é", "€", "😀"} {
			texts = append(texts, strings.Repeat(letter, n+1))
		}
	}
	given, err := json.Marshal(texts)
	expect.Expect(err).NotTo(HaveOccurred())
	hashes := read[[][2]string](w, string(given)+".map((text) => [_cdpEventFunction.md5(text), _cdpEventFunction.sha256(text)])")
	for i, text := range texts {
		m, s := md5.Sum([]byte(text)), sha256.Sum256([]byte(text))
		expect.Expect(hashes[i]).To(Equal([2]string{hex.EncodeToString(m[:]), hex.EncodeToString(s[:])}), text)
	}
	plain := md5.Sum([]byte(" Anna@Shop.test "))
	expect.Expect(hash("md5", `" Anna@Shop.test "`)).To(Equal(hex.EncodeToString(plain[:])), "the text as it is")
	half := md5.Sum([]byte("a\uFFFDb"))
	expect.Expect(hash("md5", `"a\ud800b"`)).To(Equal(hex.EncodeToString(half[:])))
	number := md5.Sum([]byte("4915112345678"))
	expect.Expect(hash("md5", "4915112345678")).To(Equal(hex.EncodeToString(number[:])))
	expect.Expect(w.said()).To(BeEmpty())
	for _, nothing := range []string{"undefined", "null", `""`, "{}", "true"} {
		expect.Expect(hash("md5", nothing)).To(BeEmpty(), nothing)
		expect.Expect(hash("sha256", nothing)).To(BeEmpty(), nothing)
	}
	expect.Expect(strings.Count(w.said(), "wants a text that is not empty")).To(Equal(10))
}

func TestLeadTimeIsThePagesClock(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", ""))
	expect.Expect(read[int64](w, "_cdpEventFunction._cdpGetLeadTime()")).To(BeEquivalentTo(1750000000000))
	w.pass(time.Hour)
	expect.Expect(read[int64](w, "_cdpEventFunction._cdpGetLeadTime()")).To(BeEquivalentTo(1750003600000))
}

func TestMistakesInTheSetUpAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ options, said string }{
		{", portalid: 1", `unknown option "portalid" has no effect; did you mean "portal_id"?`},
		{", transport: 'form'", `option "transport" wants one of image, json, beacon`},
		{", batch: 'true'", `option "batch" wants true or false`},
		{", domain: 'https://collect.vendor.test/'", `option "domain" wants a host name without https://`},
	} {
		w := openShop(t, tracker.Options{})
		w.visit(home, site(c.options, ""))
		NewWithT(t).Expect(w.said()).To(ContainSubstring("warn: [web_event.config] "+c.said), c.options)
	}
}

func TestMistakesInAnEventAreNamed(t *testing.T) {
	t.Parallel()
	const time = "identify_time: 1750000000000"
	const rest = time + ", identify_event: 'user_sign_in', identify_type: 'exact'"
	const id = "'4e5f18bcdc4c6cab3d2eb59da1db9719'"
	for _, c := range []struct {
		call, said string
		sent       bool
	}{
		{"", "error: [web_event.track] nothing is sent: track wants a category and an action", false},
		{"'user', ' '", "nothing is sent: track wants a category and an action", false},
		{"'user', {}", "nothing is sent: track wants a category and an action", false},
		{"'a', 'b', []", "nothing is sent: track wants an object such as {dims: {…}", false},
		{"'a', 'b', null", "nothing is sent: track wants an object such as {dims: {…}", false},
		{"'a', 'b', {dims: []}", "nothing is sent: dims wants an object", false},
		{"'a', 'b', {extra: 'x'}", "nothing is sent: extra wants an object", false},
		{"'a', 'b', {items: {}}", "nothing is sent: items wants a list", false},
		{"'a', 'b', {dim: {}}", `warn: [web_event.track] a b: dim is unknown and is not sent; did you mean "dims"?`, true},
		{"'a', 'b', {toString: 1}", "toString is unknown and is not sent", true},
		{"'a', 'b', {dims: {customer: {}}}", `dims.customer is unknown; did you mean "customers"?`, true},
		{"'a', 'b', {extra: {identity_id: 'x'}}", `extra.identity_id is unknown; did you mean "identify_id"?`, true},
		{"'a', 'b', {dims: {customers: {name: 'x'}}}", "dims.customers belong to nobody", true},
		{"'a', 'b', {extra: {identify_event: 'user_sign_in'}}", "without extra.identify_id nobody is identified", true},
		{"'a', 'b', {extra: {identify_id: '', " + rest + "}}", "nothing is sent: extra.identify_id wants a text that is not empty", false},
		{"'a', 'b', {extra: {identify_id: 7, " + rest + "}}", "nothing is sent: extra.identify_id wants a text", false},
		{"'a', 'b', {extra: {identify_id: 'anna@shop.test', " + rest + "}}", "extra.identify_id looks like an e-mail address or a telephone number", true},
		{"'a', 'b', {extra: {identify_id: '+49 (30) 123-456', " + rest + "}}", "extra.identify_id looks like an e-mail address or a telephone number", true},
		{"'a', 'b', {extra: {identify_id: " + id + ", identify_event: 'user_sign_in', identify_type: 'exact'}}", "extra.identify_time wants milliseconds since 1970", true},
		{"'a', 'b', {extra: {identify_id: " + id + ", identify_time: 1750000000, identify_event: 'user_sign_in', identify_type: 'exact'}}", "extra.identify_time wants milliseconds since 1970", true},
		{"'a', 'b', {extra: {identify_id: " + id + ", " + time + ", identify_event: 'user_signin', identify_type: 'exact'}}", `extra.identify_event wants one of user_sign_up, user_sign_in, user_identify; did you mean "user_sign_in"?`, true},
		{"'a', 'b', {extra: {identify_id: " + id + ", " + time + ", identify_event: 'user_sign_in'}}", `extra.identify_type wants "exact"`, true},
		{"'a', 'b', {dims: {customers: {customer_id: 'x'}}, extra: {identify_id: " + id + ", " + rest + "}}", "customer_id and extra.identify_id differ", true},
	} {
		t.Run(c.call, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openShop(t, tracker.Options{})
			w.visit(home, site("", "web_event.track("+c.call+");"))
			expect.Expect(w.said()).To(ContainSubstring(c.said))
			expect.Expect(strings.Count(w.said(), "\n")).To(BeZero(), "one mistake, one message: %s", w.said())
			expect.Expect(len(w.events())).To(Equal(map[bool]int{false: 1, true: 2}[c.sent]))
			expect.Expect(w.cookies()).To(HaveKeyWithValue("_asm_visitor_type", "anonymous"))
			if c.sent && strings.Contains(c.said, "identify_time") {
				expect.Expect(w.events()[1].Extra["identify_time"]).NotTo(BeEquivalentTo(1750000000000), "none is invented")
			}
		})
	}
}

func TestWhatCannotBeWrittenDownIsToldToThePage(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site("", "var ring = {}; ring.ring = ring; web_event.track('a', 'ring', {extra: ring}); web_event.track('a', 'b');"))
	expect.Expect(w.said()).To(ContainSubstring("error: [web_event] a call from the queue failed"))
	expect.Expect(names(w.events())).To(Equal([]string{"view", "b"}))
}
