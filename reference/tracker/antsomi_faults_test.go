package tracker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// recognise is a shop's own function: it tells the SDK who the customer is.
const recognise = `window.recognise = function (action, phone) {
  var id = _cdpEventFunction.md5("anna@shop.test");
  web_event.track("user", action, {
    dims: {customers: {customer_id: id, name: "Anna", email: "anna@shop.test", phone: phone}},
    extra: {identify_id: id, identify_time: _cdpEventFunction._cdpGetLeadTime(), identify_event: "user_" + action, identify_type: "exact"}
  });
};
`

// stay is what a visitor did on one page, and the jar as he left it.
type stay struct {
	events []event
	jar    map[string]string
}

// customerWalk is the journey of one who signs up on his third visit.
type customerWalk struct {
	w                                  *window
	first, third, seventh, eighth      stay // by day
	changed, loggedOut, next, stranger stay
	before                             stay // an event that waits as he logs out
	waiting, after, held               stay
	together                           stay // a page with delivery in batches
}

func (c *customerWalk) open(address, options, calls string) stay {
	from := len(c.w.events())
	c.w.visit(address, recognise+site(options, calls))
	return c.since(from)
}

func (c *customerWalk) do(script string) stay {
	from := len(c.w.events())
	c.w.run(script)
	return c.since(from)
}

func (c *customerWalk) since(from int) stay {
	all, seen := c.w.events(), map[string]bool{"": false}
	for i, e := range all {
		if seen[e.Message] {
			all[i].Extra, all[i].Dims = nil, nil // to a collector it is an old event that comes again
		}
		seen[e.Message] = e.Message != ""
	}
	return stay{events: all[from:], jar: c.w.cookies()}
}

const leave = `happen("pagehide")`

// walkShop walks it. Every page is left before the next one opens.
func walkShop(w *window) customerWalk {
	c := customerWalk{w: w}
	days := func(n int) { w.run(leave); w.run(fmt.Sprintf("world.now += %d * 86400000", n)) }
	c.first = c.open(home, "", "")
	c.first.events = append(c.first.events, c.do("web_event.track('shop', 'act', {dims: {users: {favourite: 'shoes'}}})").events...)
	days(2)
	c.third = c.open(home, "", "")
	days(4)
	c.seventh = c.open(home, "", "")
	w.pass(time.Minute)
	c.seventh.events = append(c.seventh.events, c.do(`recognise("sign_up", "1")`).events...)
	days(1)
	c.eighth = c.open(home, "", `web_event(function () { recognise("identify", "1"); });`)
	c.eighth.events = append(c.eighth.events, c.do(`recognise("sign_in", "1")`).events...)
	c.changed = c.do(`recognise("identify", "2")`)
	c.loggedOut = c.do("web_event.resetAnonymousUId(); web_event.track('shop', 'act')")
	w.run(leave)
	c.next = c.open(home, "", "")
	c.before = c.do(`navigator.onLine = false; recognise("sign_in", "3"); navigator.onLine = true`)
	c.waiting = c.do("web_event.resetAnonymousUId()")
	c.after = c.do("web_event.track('shop', 'act')")
	w.run(leave)
	jar := w.cookies()
	c.held = c.open(home, "", "web_event.resetAnonymousUId();")
	c.before.jar = jar
	w.run(leave)
	c.together = c.open(home, batch, `web_event.track('shop', 'act'); web_event(function () { recognise("identify", "3"); });`)
	from := len(w.events())
	w.run(leave)
	c.together.events = append(c.together.events, c.since(from).events...)
	// Another person's browser.
	w.run(`for (const name of Object.keys(cookies())) { document.cookie = name + "=; Max-Age=0; Path=/; Domain=shop.test"; }
Object.keys(localStorage).forEach((name) => localStorage.removeItem(name));`)
	c.stranger = c.open(home, "", "")
	return c
}

// identified returns the customer IDs in the events of that name.
func identified(action string, events ...event) []any {
	var ids []any
	for _, e := range events {
		if e.Action == action {
			ids = append(ids, e.Extra["identify_id"])
		}
	}
	return ids
}

// kept tells of each clause whether the walk keeps it, as far as the SDK decides.
func (c customerWalk) kept() map[string]bool {
	all := c.w.events()
	every := func(fits func(event) bool) bool {
		return !slices.ContainsFunc(all, func(e event) bool { return !fits(e) })
	}
	messages := map[string]bool{}
	for _, e := range all {
		messages[e.Message] = true
	}
	// nobody tells that events belong to none who was there before.
	nobody := func(was map[string]string, events []event) bool {
		return len(events) > 0 && !slices.ContainsFunc(events, func(e event) bool {
			return e.UID == was["_asm_uid"] || e.Device == was["_asm_did"] || e.Extra["identify_id"] != nil || e.Dims["customers"] != nil
		})
	}
	is := func(ids []any, n int) bool {
		return len(ids) == n && !slices.ContainsFunc(ids, func(id any) bool { return id == nil || id == "" })
	}
	device := func(s stay) string { return s.events[0].Device }
	uid := func(s stay) string { return s.events[0].UID }
	ownID := func(e event) bool { return e.Extra["identify_id"] == nil || e.Extra["identify_id"] == annasID }
	timely := func(e event) bool {
		at, given := e.Extra["identify_time"].(float64)
		return e.Extra["identify_id"] == nil || given && int64(at) == e.Made
	}
	changed := c.changed.events[len(c.changed.events)-1].Dims["customers"]
	sent := slices.Concat(c.before.events, c.waiting.events)
	return map[string]bool{
		"antsomi.uid-on-load":              c.first.events[0].UID != "" && c.first.events[0].UID == c.first.jar["_asm_uid"] && uid(c.third) != "",
		"antsomi.anonymous-profile":        every(func(e event) bool { return e.Portal == "33167" && (e.Action != "view" || e.Extra == nil) }),
		"antsomi.revisit-new-uid":          uid(c.first) != uid(c.third) && uid(c.third) != uid(c.seventh),
		"antsomi.three-visits-one-profile": device(c.first) == device(c.third) && device(c.third) == device(c.seventh),
		"antsomi.merges-anonymous": len(messages) == len(all) && every(func(e event) bool { return e.Device != "" && e.Message != "" }) &&
			c.first.events[0].Device == c.first.events[1].Device,
		"antsomi.history-attached":     c.seventh.events[0].UID == c.seventh.events[1].UID || device(c.seventh) == c.seventh.events[1].Device,
		"antsomi.strangers-not-merged": device(c.stranger) == "" || device(c.stranger) != device(c.first) && device(c.next) != device(c.held),
		"antsomi.cid-at-signup":        is(identified("sign_up", c.seventh.events...), 1),
		"antsomi.cid-at-signin":        is(identified("sign_in", c.eighth.events...), 1) && is(identified("sign_in", sent...), 1),
		"antsomi.cid-when-known":       is(identified("identify", c.eighth.events...), 1) && is(identified("identify", c.together.events...), 1),
		"antsomi.identify-repeats":     is(identified("identify", c.eighth.events...), 1) && is(identified("identify", c.changed.events...), 1),
		"antsomi.cid-hashed":           every(ownID),
		"antsomi.identify-time":        every(timely),
		"antsomi.customer-attributes":  changed["phone"] == "2" && changed["name"] == "Anna",
		"antsomi.profile-holds-behaviour": c.first.events[1].Dims["users"]["favourite"] == "shoes" &&
			every(func(e event) bool { return e.System["language"] == "en-GB" }),
		"antsomi.reset-on-logout": nobody(c.changed.jar, c.loggedOut.events) && nobody(c.changed.jar, c.next.events) &&
			nobody(c.before.jar, c.held.events) && nobody(c.next.jar, c.after.events) &&
			!slices.ContainsFunc(c.waiting.events, func(e event) bool { return e.UID == c.waiting.jar["_asm_uid"] }),
	}
}

func (c customerWalk) broken() []string {
	var red []string
	for clause, kept := range c.kept() {
		if !kept {
			red = append(red, clause)
		}
	}
	slices.Sort(red)
	return red
}

func TestTheCleanSDKKeepsEveryClauseThatItDecides(t *testing.T) {
	t.Parallel()
	for _, minify := range []bool{false, true} {
		w := openShop(t, tracker.Options{Minify: minify})
		NewWithT(t).Expect(walkShop(w).broken()).To(BeEmpty())
		NewWithT(t).Expect(w.said()).To(BeEmpty())
	}
}

// TestEachFaultOfTheSDKShows wants each to break the clause that it is about, and
// to go on with the rest of its work.
func TestEachFaultOfTheSDKShows(t *testing.T) {
	t.Parallel()
	for _, f := range fault.All() {
		if f.Vendor != "antsomi" || f.Part != fault.Tracker {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openShop(t, tracker.Options{Patches: f.Patches})
			walk := walkShop(w)
			expect.Expect(walk.broken()).To(ContainElement(f.Clauses[0]))
			expect.Expect(w.said()).NotTo(ContainSubstring("failed"))
			expect.Expect(w.said()).NotTo(ContainSubstring("error"))
		})
	}
}
