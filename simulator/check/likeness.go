package check

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// likeness compares what a visitor's browser kept and sent in two steps with all
// that another person's did.
type likeness struct {
	at, with *view
	// sent are the requests of the two steps as they count.
	sentAt, sentWith []*sent
	here, there      *portrait
	other            *portrait
	others           []*view
}

// link is something that both steps of the visitor have and the other person has not.
type link struct {
	value string
	bits  float64
	// here and there say where it is in the two steps, with a line that shows it.
	here, there sighting
	// slots lists the names under which several small values stand; such a link has
	// no single value.
	slots []string
	// revalidates is the URL for which the browser asked in both steps whether its
	// copy is still good.
	revalidates string
}

type sighting struct{ place, line, mark string }

// links returns what links the two steps, what tells most first. Each way of
// looking is tried only when the ones before have found nothing.
func (l *likeness) links() []link {
	for _, look := range []func() []link{l.same, l.wrapped, l.overlapping, l.summed} {
		found := look()
		slices.SortStableFunc(found, func(a, b link) int {
			// What is encoded is longer than what it holds, and tells no more.
			return cmp.Or(cmp.Compare(encoded(a.value), encoded(b.value)), cmp.Compare(b.bits, a.bits), cmp.Compare(len(a.value), len(b.value)), cmp.Compare(a.value, b.value))
		})
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

func encoded(value string) int {
	if fromBase64(value) != "" {
		return 1
	}
	return 0
}

// same finds tokens that stand in both steps.
func (l *likeness) same() []link {
	var found []link
	for _, key := range l.here.keys() {
		here := l.here.tokens[key]
		there, ok := l.there.tokens[key]
		if n := l.telling(here); ok && n >= enough {
			k := link{value: here.text, bits: n, here: seenAs(here), there: seenAs(there)}
			if there.datum.revalidates != "" {
				k.revalidates = here.datum.revalidates
			}
			found = append(found, k)
		}
	}
	return found
}

func seenAs(t token) sighting {
	s := sighting{place: t.datum.place, line: t.datum.line}
	if t.plain {
		s.mark = t.text
	} else {
		s.mark = t.datum.value
	}
	return s
}

// telling returns how many bits the token tells of the visitor alone: none when
// the other person has it as well, when it is the time of the step itself, or when
// it is made of words. Of several runs those count that the other person has not.
func (l *likeness) telling(t token) float64 {
	if l.other.has(t.key) || l.at.during(t.text) {
		return 0
	}
	sum := 0.0
	for i, run := range runsOf(t.text) {
		if !wordy(run) && (len(t.parts) == 1 || !l.other.runs[t.parts[i]]) {
			sum += bits(run)
		}
	}
	return sum
}

// wrapped looks for the tokens of either step in the other one with a canary, to
// which no encoding or hash is strange.
func (l *likeness) wrapped() []link {
	found := l.chased(l.there, l.here, l.sentAt, false)
	return append(found, l.chased(l.here, l.there, l.sentWith, true)...)
}

// maxChased is how many tokens are looked for; an honest step has some dozens.
const maxChased = 2000

func (l *likeness) chased(from, in *portrait, requests []*sent, back bool) []link {
	tokens := map[string]token{}
	var needles []evidence.Needle
	for _, key := range from.keys() {
		t := from.tokens[key]
		if len(t.parts) == 1 && evidence.Traceable(t.text) && l.telling(t) >= enough && len(needles) < maxChased {
			tokens[t.text] = t
			needles = append(needles, evidence.Needle{Value: t.text})
		}
	}
	if len(needles) == 0 {
		return nil
	}
	found := traces(evidence.NewCanary(needles), requests, in.data)
	needles = needles[:0]
	for _, t := range found {
		needles = append(needles, evidence.Needle{Value: t.value})
	}
	known := map[string]bool{}
	if len(needles) > 0 {
		var theirs []*sent
		for _, v := range l.others {
			theirs = append(theirs, v.sent...)
		}
		for _, t := range traces(evidence.NewCanary(needles), theirs, l.other.data) {
			known[t.value] = true
		}
	}
	var links []link
	for _, t := range found {
		if known[t.value] {
			continue
		}
		source := tokens[t.value]
		k := link{value: t.value, bits: l.telling(source), here: t.sighting, there: seenAs(source)}
		if back {
			k.here, k.there = k.there, k.here
		}
		links = append(links, k)
	}
	return links
}

// traced is a value that a canary has found.
type traced struct {
	value string
	sighting
}

// traces searches requests and data; each value is returned once.
func traces(canary *evidence.Canary, requests []*sent, data []datum) []traced {
	var found []traced
	seen := map[string]bool{}
	add := func(t evidence.Trace, place, line, mark string) {
		if !seen[t.Needle.Value] {
			seen[t.Needle.Value] = true
			found = append(found, traced{t.Needle.Value, sighting{place, line, mark}})
		}
	}
	for _, s := range requests {
		list, _ := canary.Search(s.reading)
		for _, t := range list {
			text := s.reading.Texts[t.Span.Text].Content
			add(t, fmt.Sprintf("request %d, %s", s.Seq, t.Way), text, text[t.From:t.To])
		}
	}
	var kept []datum
	var texts []evidence.Text
	for _, d := range data {
		text := evidence.Text{Part: d.place, Content: d.value}
		if !strings.HasPrefix(d.place, "request ") && !slices.Contains(texts, text) {
			kept, texts = append(kept, d), append(texts, text)
		}
	}
	list, _ := canary.Search(&evidence.Reading{Texts: texts})
	for _, t := range list {
		d := kept[t.Span.Text]
		add(t, t.Way, d.line, d.value[t.From:t.To])
	}
	return found
}

// summed adds up small values that each stand under one name, stay the same for
// the visitor, and are others for the other person.
func (l *likeness) summed() []link {
	sum := link{}
	counted := map[string]bool{}
	for _, name := range sortedNames(l.here.slots) {
		here, there, other := l.here.slots[name], l.there.slots[name], l.other.slots[name]
		if len(here) != 1 || len(there) != 1 || len(other) == 0 {
			continue
		}
		for value, d := range here {
			again, stays := there[value]
			if _, theirs := other[value]; !stays || theirs || counted[value] || l.at.during(value) {
				continue
			}
			counted[value] = true
			sum.bits += bits(value)
			slot, _, _ := strings.Cut(name, " #")
			sum.slots = append(sum.slots, slot+" "+show(value))
			if sum.here.line == "" {
				sum.here = sighting{d.place, d.line, value}
				sum.there = sighting{again.place, again.line, value}
			}
		}
	}
	if sum.bits < enough {
		return nil
	}
	return []link{sum}
}

// enoughOfPart is how many bits a common part of two runs must tell: more than a
// whole run, for the ends of a part are where chance puts them.
const enoughOfPart = 40.0

// overlapping finds runs that have a part in common, such as an identifier to which
// a counter was glued. What the other person has as well does not count, and neither
// does the beginning of the time, with which many identifiers begin.
func (l *likeness) overlapping() []link {
	var found []link
	there := l.runsOf(l.there)
	for _, a := range l.runsOf(l.here) {
		for _, b := range there {
			part := commonPart(a.key, b.key)
			if part == "" || wordy(part) {
				continue
			}
			if n := float64(l.novel(part)) * perCharacter(part); n >= enoughOfPart {
				found = append(found, link{value: part, bits: n, here: seenAs(a), there: seenAs(b)})
			}
		}
	}
	return found
}

// leastPart is the shortest part that can tell enough.
var leastPart = int(math.Ceil(enoughOfPart / 6))

func (l *likeness) runsOf(p *portrait) []token {
	var list []token
	for _, key := range p.keys() {
		t := p.tokens[key]
		if len(t.parts) > 1 || len(key) < leastPart || len(key) > 4096 || l.telling(t) < enough || fromBase64(t.text) != "" {
			continue
		}
		list = append(list, t)
		if len(list) == 300 {
			break
		}
	}
	return list
}

// novel counts the characters of a part that the other person has not, and that do
// not begin the time of either step.
func (l *likeness) novel(part string) int {
	const least = 6
	var clocks []string
	for _, at := range []time.Time{l.at.step.Clock, l.with.step.Clock} {
		if !at.IsZero() {
			for _, base := range []int{10, 16, 36} {
				clocks = append(clocks, strconv.FormatInt(at.UnixMilli(), base), strconv.FormatInt(at.Unix(), base))
			}
		}
	}
	count := 0
	for i := 0; i < len(part); {
		known := 0
		for j := i + least; j <= len(part) && l.other.has(part[i:j]); j++ {
			known = j - i
		}
		for _, clock := range clocks {
			n := 0
			for n < len(clock) && i+n < len(part) && clock[n] == part[i+n] {
				n++
			}
			if n >= 4 {
				known = max(known, n)
			}
		}
		if known == 0 {
			count++
			known = 1
		}
		i += known
	}
	return count
}

// commonPart returns the longest text that both have, if it is not too short.
func commonPart(a, b string) string {
	best := ""
	for i := 0; i+leastPart <= len(a); i++ {
		n := max(len(best)+1, leastPart)
		for i+n <= len(a) && strings.Contains(b, a[i:i+n]) {
			best = a[i : i+n]
			n++
		}
	}
	return best
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
