package check

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// fresh: every hit carries it, and with no value that it, or the cookie of the
// same role, had in an earlier step. Without an earlier value there is nothing
// from which a new one could differ.
func (p parameter) fresh() finding {
	hits := p.narrowed()
	if len(hits) == 0 {
		return p.none()
	}
	earlier := p.had(p.past(p.view))
	for _, h := range hits {
		c := carries(h, p.name.Name)
		for _, value := range c.values {
			if old := like(earlier, value); old != nil {
				return finding{
					outcome:  verdict.Fail,
					observed: fmt.Sprintf("%s, which it had in the step %s, in %s", show(value), old.from, place(h, hits)),
					request:  excerpt(h.sent, c.spans),
				}
			}
		}
	}
	now := p.present()
	switch {
	case now.outcome != verdict.Pass:
	case len(earlier) == 0:
		return inconclusive("it had no value in an earlier step that could have come back").seen("%s", now.observed)
	default:
		now.observed += fmt.Sprintf("; in the step %s it was %s", earlier[0].from, show(earlier[0].value))
	}
	return now
}

// had returns the values, not empty, that the role had in the steps: as the
// pixel's parameter, or as its cookie. From is the step's name.
func (p parameter) had(views []*view) []known {
	var values []known
	add := func(value string, v *view) {
		value = unescaped(value)
		if value != "" && !slices.ContainsFunc(values, func(k known) bool { return k.value == value }) {
			values = append(values, known{value, v.step.Name})
		}
	}
	cookie := p.plan.CookieName(p.role).Name
	for _, v := range views {
		for _, h := range v.hits {
			if c := carries(h, p.name.Name); c.presence == evidence.Present {
				for _, value := range c.values {
					add(value, v)
				}
			}
		}
		if cookie == "" {
			continue
		}
		for _, w := range v.writes {
			if w.Name == cookie && !w.Deletes() {
				add(w.Value, v)
			}
		}
		if v.snapshot != nil {
			for _, c := range v.snapshot.Named(cookie) {
				add(c.Value, v)
			}
		}
	}
	return values
}

// like returns the earlier value that the value is, or holds, or is part of;
// the latter two only where that cannot be chance.
func like(earlier []known, value string) *known {
	now := strings.ToLower(unescaped(value))
	i := slices.IndexFunc(earlier, func(k known) bool {
		old := strings.ToLower(k.value)
		return now == old ||
			evidence.Traceable(old) && strings.Contains(now, old) ||
			evidence.Traceable(now) && strings.Contains(old, now)
	})
	if i < 0 {
		return nil
	}
	return &earlier[i]
}

// unescaped undoes percent escapes, where there are any.
func unescaped(value string) string {
	if plain, err := url.PathUnescape(value); err == nil {
		return plain
	}
	return value
}

// inOrder: the values that the hits of the step carry are those that the config
// queues, each once, in that order. The order is that in which the pixel says that
// it made the hits, and of those made at the same time, or without a time, that
// in which they arrived.
func (p parameter) inOrder() finding {
	want := queued(p.plan)
	if len(want) == 0 {
		return *broken("the scenario %s queues no actions\nhint: list them under config, actions, queued", p.plan.Scenario.ID)
	}
	hits := p.narrowed()
	if len(hits) == 0 {
		return p.none()
	}
	carrying := slices.DeleteFunc(slices.Clone(hits), func(h hit) bool { return len(carries(h, p.name.Name).values) == 0 })
	p.sortByMaking(carrying)
	var got []string
	for _, h := range carrying {
		got = append(got, carries(h, p.name.Name).values...)
	}
	if slices.Equal(got, want) {
		return finding{outcome: verdict.Pass, observed: strings.Join(got, ", "), request: p.carriageOf(carrying, 0)}
	}
	// What is missing from the part that is known may stand in the rest, or follow.
	missing := partOf(got, want)
	if reason := doubtful(hits); reason != "" && missing {
		return inconclusive("%s", reason).seen("%s", listed(got))
	}
	f := finding{outcome: verdict.Fail, state: missing, observed: listed(got), request: lackExcerpt(hits[0].sent)}
	if i := firstDifference(got, want); i < len(carrying) {
		f.request = p.carriageOf(carrying, i)
	}
	return f
}

func (p parameter) carriageOf(hits []hit, i int) *verdict.Excerpt {
	return excerpt(hits[i].sent, carries(hits[i], p.name.Name).spans)
}

// sortByMaking sorts hits, which come in order of arrival, by the pixel's own
// times if all of them have one.
func (p parameter) sortByMaking(hits []hit) {
	for _, h := range hits {
		if _, ok := p.made(h); !ok {
			return
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		first, _ := p.made(a)
		second, _ := p.made(b)
		return first.Compare(second)
	})
}

func listed(values []string) string {
	if len(values) == 0 {
		return "in no request"
	}
	return "in this order: " + strings.Join(values, ", ")
}

// partOf tells whether the list is a part of the whole, in its order.
func partOf(list, whole []string) bool {
	for _, value := range list {
		i := slices.Index(whole, value)
		if i < 0 {
			return false
		}
		whole = whole[i+1:]
	}
	return true
}

func firstDifference(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
