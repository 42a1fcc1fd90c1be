package check

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// cookie judges a cookie in one step.
type cookie struct {
	*bench
	view *view
	role string
	name scenario.Name
}

const noSnapshot = "the cookies at the end of the step %s were not recorded"

// present: the jar holds it for the site or the collector, not empty.
func (c cookie) present() finding {
	return c.kept(func(held []evidence.Cookie) string {
		if slices.ContainsFunc(held, func(k evidence.Cookie) bool { return k.Value != "" }) {
			return ""
		}
		return "present but empty"
	})
}

// set: the jar holds it for the site or the collector, each time with the value
// that means set.
func (c cookie) set() finding {
	if c.name.Set == "" {
		return *broken("the pixel %s does not say which value of %s means set\nhint: write {name: %s, set: VALUE} in its pixel.yaml", c.plan.Pixel.Name, c.name.Name, c.name.Name)
	}
	return c.kept(func(held []evidence.Cookie) string {
		if slices.ContainsFunc(held, func(k evidence.Cookie) bool { return k.Value != c.name.Set }) {
			return quoted(valuesOf(held))
		}
		return ""
	})
}

func (c cookie) kept(wrong func([]evidence.Cookie) string) finding {
	if c.view.snapshot == nil {
		return inconclusive(noSnapshot, c.view.step.Name)
	}
	all := c.view.snapshot.Named(c.name.Name)
	held := slices.DeleteFunc(slices.Clone(all), func(k evidence.Cookie) bool { return !c.reachable(k) })
	if len(held) == 0 {
		f := finding{outcome: verdict.Fail, state: true, observed: "not in the jar"}
		if written := c.live(c.view); len(written) > 0 {
			f.observed = "written, but not kept by the browser"
			f.cookie = writeExcerpt(written[0], "")
		}
		if len(all) > 0 {
			f.observed = "in the jar for another site only: " + all[0].Domain
			f.cookie = jarExcerpt(all[0], c.view.step.Name, "domain")
		}
		return f
	}
	if problem := wrong(held); problem != "" {
		return finding{outcome: verdict.Fail, state: true, observed: problem, cookie: jarExcerpt(held[0], c.view.step.Name, "pair")}
	}
	return finding{outcome: verdict.Pass, observed: quoted(valuesOf(held)) + " in the jar", cookie: jarExcerpt(held[0], c.view.step.Name, "pair")}
}

// reachable tells whether the cookie is one of the visited site or of the
// collector: a cookie of that name on a stranger's domain is another thing.
func (c cookie) reachable(k evidence.Cookie) bool {
	hosts := []string{c.plan.Pixel.Stage.Site, c.plan.Pixel.Stage.Collector}
	if page, err := url.Parse(c.view.step.Page); err == nil {
		hosts = append(hosts, page.Hostname())
	}
	domain := strings.TrimPrefix(k.Domain, ".")
	return slices.ContainsFunc(hosts, func(host string) bool {
		return host != "" && (host == domain || strings.HasSuffix(host, "."+domain))
	})
}

// absent: the jar does not hold it, not even empty, nor does any store hold a value
// that it had, though it was seen or written in another step and the pixel was awake.
func (c cookie) absent() finding {
	if c.view.snapshot == nil {
		return inconclusive(noSnapshot, c.view.step.Name)
	}
	if held := c.view.snapshot.Named(c.name.Name); len(held) > 0 {
		observed := quoted(valuesOf(held)) + " in the jar"
		if strings.Join(valuesOf(held), "") == "" {
			observed = "present but empty"
		}
		return finding{outcome: verdict.Fail, state: true, observed: observed, cookie: jarExcerpt(held[0], c.view.step.Name, "pair")}
	}
	if f := c.outlives(); f != nil {
		return *f
	}
	return c.proven("not in the jar")
}

// proven passes an absence if the pixel was awake and is known to store the
// cookie otherwise.
func (c cookie) proven(observed string) finding {
	if !c.awake(c.view) {
		return inconclusive("the pixel sent nothing since the page was opened, so it may not have run at all").seen("%s", observed)
	}
	for _, v := range c.views {
		if v == c.view {
			continue
		}
		stored := slices.ContainsFunc(c.live(v), func(w *evidence.CookieWrite) bool { return w.Value != "" })
		if v.snapshot != nil {
			stored = stored || slices.ContainsFunc(v.snapshot.Named(c.name.Name), func(k evidence.Cookie) bool { return k.Value != "" })
		}
		if stored {
			return finding{outcome: verdict.Pass, observed: fmt.Sprintf("%s; it was in the step %s", observed, v.step.Name)}
		}
	}
	return inconclusive("it was stored in no other step, so its absence proves nothing").seen("%s", observed)
}

// gone: it was in the jar before the visitor's choice and is no longer. Of a
// flag, whose value is always the same, the cookie itself must be gone; of
// others, its earlier values must, under whatever name, and a new one is for
// not-stored to judge.
func (c cookie) gone() finding {
	if c.view.snapshot == nil {
		return inconclusive(noSnapshot, c.view.step.Name)
	}
	var earlier []string
	var values []known
	for _, v := range c.views[:c.view.index] {
		if v.snapshot == nil {
			continue
		}
		for _, value := range valuesOf(v.snapshot.Named(c.name.Name)) {
			if value != "" {
				earlier = append(earlier, value)
				values = append(values, known{value, "of the step " + v.step.Name})
			}
		}
	}
	now := c.view.snapshot.Named(c.name.Name)
	for _, k := range now {
		stays := slices.Contains(earlier, k.Value) || c.held(values, k.Value) != nil
		if stays || c.name.Set != "" && len(earlier) > 0 {
			return finding{outcome: verdict.Fail, state: true, observed: show(k.Value) + " is still in the jar", cookie: jarExcerpt(k, c.view.step.Name, "pair")}
		}
	}
	if f := c.outlives(); f != nil {
		return *f
	}
	before := c.before(c.choice(c.view))
	switch {
	case len(earlier) == 0:
		return inconclusive("it was in the jar in no earlier step, so it cannot have gone").seen("not in the jar")
	case before == nil || strings.Join(valuesOf(before.snapshot.Named(c.name.Name)), "") == "":
		return inconclusive("it was not in the jar right before the visitor's choice, so something else removed it").seen("not in the jar")
	}
	observed := "gone; in the jar in the step " + before.step.Name
	if len(now) > 0 && now[0].Value != "" {
		observed = fmt.Sprintf("its earlier value is gone, %s is there instead", show(now[0].Value))
	}
	return finding{outcome: verdict.Pass, observed: observed}
}

// notStored: nothing live was written under its name during the step, the jar
// holds nothing under its name but what was there before the visitor's choice,
// and its known values are not kept under another name either. An empty value
// identifies nobody and is no breach.
func (c cookie) notStored() finding {
	for _, w := range c.live(c.view) {
		if w.Value != "" {
			return finding{outcome: verdict.Fail, observed: show(w.Value) + " was written by " + w.By, cookie: writeExcerpt(w, "pair")}
		}
	}
	values := c.identities()
	for _, w := range c.view.writes {
		if w.Deletes() || w.Name == c.name.Name {
			continue
		}
		if t := c.held(values, w.Value); t != nil {
			return finding{
				outcome:  verdict.Fail,
				observed: fmt.Sprintf("its value %s, %s, was written under the name %s%s", show(t.Needle.Value), t.Needle.From, show(w.Name), as(t)),
				cookie:   writeExcerpt(w, "pair"),
			}
		}
	}
	if c.view.snapshot == nil {
		return inconclusive(noSnapshot, c.view.step.Name)
	}
	choice := c.choice(c.view)
	before := c.before(choice)
	if before == nil && choice > 0 {
		return inconclusive("the cookies before the visitor's choice were not recorded")
	}
	observed := "not stored"
	for _, k := range c.view.snapshot.Cookies {
		leftover := before != nil && slices.ContainsFunc(before.snapshot.Cookies, func(old evidence.Cookie) bool {
			return old.Name == k.Name && old.Value == k.Value && old.Domain == k.Domain && old.Path == k.Path && old.Partition == k.Partition
		})
		switch {
		case k.Name == c.name.Name && leftover && k.Value != "":
			observed = "nothing new stored; left over from before the choice"
		case leftover:
		case k.Name == c.name.Name && k.Value != "":
			return finding{outcome: verdict.Fail, observed: show(k.Value) + " is new in the jar", cookie: jarExcerpt(k, c.view.step.Name, "pair")}
		case k.Name != c.name.Name:
			if t := c.held(values, k.Value); t != nil {
				return finding{
					outcome:  verdict.Fail,
					observed: fmt.Sprintf("its value %s is new in the jar under the name %s%s", show(t.Needle.Value), show(k.Name), as(t)),
					cookie:   jarExcerpt(k, c.view.step.Name, "pair"),
				}
			}
		}
	}
	if f := c.carried(before); f != nil {
		return *f
	}
	return c.proven(observed)
}

// carried tells of a request that carried the cookie with a value that was not in
// the jar before the visitor's choice: it was stored since, though nobody saw the
// writing, as when the page before was left.
func (c cookie) carried(before *view) *finding {
	for _, s := range c.view.sent {
		for pair := range strings.SplitSeq(s.HeaderValue("cookie"), ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if name != c.name.Name || value == "" || before != nil &&
				slices.ContainsFunc(before.snapshot.Named(name), func(old evidence.Cookie) bool { return old.Value == value }) {
				continue
			}
			return &finding{
				outcome:  verdict.Fail,
				observed: fmt.Sprintf("request %d carried it as %s, which was stored since the choice", s.Seq, show(value)),
				request:  lackExcerpt(s),
			}
		}
	}
	return nil
}

// identities returns what anyone could know the visitor by: the values of this
// cookie's role, of the visitor ID, and all that the site gave.
func (c cookie) identities() []known {
	values := append(c.knownValues(c.role, c.views), c.knownValues(scenario.RoleVisitorID, c.views)...)
	for _, role := range slices.Sorted(maps.Keys(c.plan.Scenario.Config.Customer)) {
		values = append(values, c.knownValues(role, c.views)...)
	}
	return values
}

// live returns the writes of the cookie in the step that do not delete it.
func (c cookie) live(v *view) []*evidence.CookieWrite {
	var live []*evidence.CookieWrite
	for _, w := range v.writes {
		if w.Name == c.name.Name && !w.Deletes() {
			live = append(live, w)
		}
	}
	return live
}

func valuesOf(cookies []evidence.Cookie) []string {
	values := make([]string, len(cookies))
	for i, c := range cookies {
		values[i] = c.Value
	}
	return values
}
