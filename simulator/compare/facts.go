package compare

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// The kinds of things that are compared, in the order of reports.
const (
	KindHits      = "hits"
	KindParameter = "parameter"
	KindCookie    = "cookie"
	KindStorage   = "storage"
	KindHost      = "host"
	KindPage      = "page"
)

// Kinds lists the kinds of things that are compared, in the order of reports.
func Kinds() []string {
	return []string{KindHits, KindParameter, KindCookie, KindStorage, KindHost, KindPage}
}

// The aspects of a thing that are compared. The first of each kind says whether
// it was there at all; where it was not, the others are silent.
const (
	aspectSent       = "sent"
	aspectTo         = "to"
	aspectKept       = "kept"
	aspectWritten    = "written"
	aspectAttributes = "attributes"
	aspectValue      = "value"
	aspectAsked      = "asked"
	aspectSays       = "says"
)

// subject is one aspect of one thing at one step.
type subject struct {
	Step         int
	Kind         string
	Name, Aspect string
}

func compareSubjects(a, b subject) int {
	return cmp.Or(
		cmp.Compare(slices.Index(Kinds(), a.Kind), slices.Index(Kinds(), b.Kind)),
		strings.Compare(a.Name, b.Name), strings.Compare(a.Aspect, b.Aspect), cmp.Compare(a.Step, b.Step),
	)
}

// facts is what one run showed: the values of each subject, in order.
type facts map[subject][]string

// factsOf reads the facts off the evidence of a run.
func factsOf(pixel *scenario.Pixel, e *evidence.Evidence) facts {
	f := facts{}
	hit := pixel.Hits()
	for i := range e.Steps {
		step := &e.Steps[i]
		f.requests(i, e.During(step.Name), hit, pixel.Requests.Batch)
		f.writes(i, step.Name, e.Writes)
		if s := e.Snapshot(step.Name); s != nil {
			f.snapshot(i, s)
		}
		for _, m := range e.Messages {
			if m.Step == step.Name && (m.Level == "exception" || m.Level == "error") {
				line, _, _ := strings.Cut(strings.TrimSpace(m.Text), "\n")
				f.addOnce(subject{i, KindPage, m.Level, aspectSays}, line)
			}
		}
	}
	return f
}

func (f facts) add(s subject, value string) { f[s] = append(f[s], value) }

func (f facts) addOnce(s subject, value string) {
	if !slices.Contains(f[s], value) {
		f.add(s, value)
	}
}

// requests reads what left the browser during a step: where to, and the pixel's
// hits by their parameters, also those of a batch. The harness's own pages and scripts say nothing.
func (f facts) requests(step int, requests []*evidence.Request, isHit func(string) bool, batch string) {
	hits, carriers := 0, map[string]int{}
	for _, r := range requests {
		if r.Purpose == "page" || r.Purpose == "script" || r.Purpose == "favicon" {
			continue
		}
		f.addOnce(subject{step, KindHost, hostOf(r.URL), aspectAsked}, "asked")
		if !isHit(r.URL) || r.Method == "OPTIONS" {
			continue
		}
		address, _, _ := strings.Cut(r.URL, "?")
		f.addOnce(subject{step, KindHits, "", aspectTo}, r.Method+" "+address)
		reading := r.ReadBatch(batch)
		for i := range reading.Hits {
			hits++
			names := map[string]bool{}
			for _, p := range reading.Hit(i) {
				names[p.Name] = true
				f.add(subject{step, KindParameter, p.Name, aspectValue}, p.Value)
			}
			for name := range names {
				carriers[name]++
			}
		}
	}
	f.add(subject{step, KindHits, "", aspectSent}, fmt.Sprint(hits))
	for name, n := range carriers {
		f.add(subject{step, KindParameter, name, aspectSent}, carried(n, hits))
	}
}

// carried says how many of a step's hits have a parameter.
func carried(n, hits int) string {
	if n == hits {
		return "in every hit"
	}
	return fmt.Sprintf("in %d of %d hits", n, hits)
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return address
}

// writes reads what was asked of the cookie jar during a step.
func (f facts) writes(step int, name string, writes []evidence.CookieWrite) {
	for _, w := range writes {
		if w.Step != name {
			continue
		}
		said := "deleted"
		switch {
		case w.Session:
			said = "for the session"
		case !w.Deletes():
			said = "to last " + lasting(w.Lifetime)
		}
		f.addOnce(subject{step, KindCookie, w.Name, aspectWritten}, said)
	}
	for s := range f {
		if s.Step == step && s.Aspect == aspectWritten {
			slices.Sort(f[s])
		}
	}
}

// lasting writes a lifetime, rounded as an expiry is that is given in whole
// seconds and written a moment after it was reckoned.
func lasting(d time.Duration) string {
	if d < time.Hour {
		return d.Round(time.Second).String()
	}
	d = d.Round(time.Minute)
	const day = 24 * time.Hour
	if d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	if d > day {
		return fmt.Sprintf("%d days %s", d/day, strings.TrimSuffix((d%day).String(), "0s"))
	}
	return strings.TrimSuffix(d.String(), "0s")
}

// snapshot reads what the browser kept at a step's end.
func (f facts) snapshot(step int, s *evidence.Snapshot) {
	for _, c := range s.Cookies {
		f.add(subject{step, KindCookie, c.Name, aspectKept}, "kept")
		f.add(subject{step, KindCookie, c.Name, aspectValue}, c.Value)
		f.add(subject{step, KindCookie, c.Name, aspectAttributes}, attributes(&c))
	}
	for _, item := range s.Storage {
		name := item.Store + " " + item.Name
		f.add(subject{step, KindStorage, name, aspectKept}, "kept")
		f.add(subject{step, KindStorage, name, aspectValue}, item.Value)
	}
}

// attributes writes a kept cookie's attributes but its lifetime, which a browser
// caps; what was asked for stands with the writes.
func attributes(c *evidence.Cookie) string {
	said := "Domain=" + c.Domain + "; Path=" + c.Path
	for _, flag := range []struct {
		is   bool
		name string
	}{{c.Secure, "; Secure"}, {c.HTTPOnly, "; HttpOnly"}, {c.SameSite != "", "; SameSite=" + c.SameSite}, {c.Partition != "", "; Partitioned"}} {
		if flag.is {
			said += flag.name
		}
	}
	return said
}

// learned is what all runs of one script have in common about a subject.
type learned struct {
	patterns []pattern
	// always tells that every run showed it.
	always bool
}

// learn reads several runs of one script, each with the time when it began: what
// varies between them is chance.
func learn(runs []facts, now []time.Time) map[subject]*learned {
	all := map[subject]*learned{}
	for i, run := range runs {
		for s, values := range run {
			patterns := make([]pattern, len(values))
			for j, v := range values {
				patterns[j] = read(v, now[i])
			}
			if l := all[s]; l != nil {
				l.patterns = common(l.patterns, patterns)
			} else {
				all[s] = &learned{patterns: patterns}
			}
		}
	}
	for s, l := range all {
		l.always = !slices.ContainsFunc(runs, func(run facts) bool { _, shown := run[s]; return !shown })
	}
	return all
}

// common pairs what two runs showed, first what is the same, then the rest in
// order, and keeps what the pairs have in common. What has no partner stays.
func common(a, b []pattern) []pattern {
	var joined, left []pattern
	rest := slices.Clone(b)
	for _, p := range a {
		if i := slices.IndexFunc(rest, func(q pattern) bool { return slices.Equal(p, q) }); i >= 0 {
			joined, rest = append(joined, p), slices.Delete(rest, i, i+1)
		} else {
			left = append(left, p)
		}
	}
	for i := range max(len(left), len(rest)) {
		switch {
		case i >= len(left):
			joined = append(joined, rest[i])
		case i >= len(rest):
			joined = append(joined, left[i])
		default:
			joined = append(joined, join(left[i], rest[i]))
		}
	}
	return joined
}

// same tells that what was learned of two scripts does not differ but by chance.
// How often something was seen is the hits' affair.
func (l *learned) same(m *learned) bool {
	return covers(l.patterns, m.patterns) && covers(m.patterns, l.patterns)
}

func covers(a, b []pattern) bool {
	return !slices.ContainsFunc(b, func(p pattern) bool {
		return !slices.ContainsFunc(a, func(q pattern) bool { return alike(p, q) })
	})
}

// String writes the patterns, each once, sorted; an empty one as "".
func (l *learned) String() string {
	texts := map[string]bool{}
	for _, p := range l.patterns {
		texts[cmp.Or(p.String(), `""`)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(texts)), ", ")
}
