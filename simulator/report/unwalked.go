package report

import (
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// unwalked are the journeys that nobody walked, for one and the same reason.
type unwalked struct {
	Reason   string
	Journeys []journey
}

// verdicts counts the verdicts of the journeys.
func (u *unwalked) verdicts() int {
	n := 0
	for i := range u.Journeys {
		n += u.Journeys[i].verdicts()
	}
	return n
}

// clauses returns the IDs of the clauses of the journeys, sorted.
func (u *unwalked) clauses() []string {
	var ids []string
	for _, j := range u.Journeys {
		for _, c := range j.Clauses {
			ids = append(ids, c.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// parted divides the journeys into those that have something to show and those
// that were never walked, which a report tells of together and last: a pixel that
// lacks a feature leaves out many, all for one reason, and said one by one they
// drown what was seen. Reasons keep the order of their first journey.
func parted(all []journey) (shown []journey, left []unwalked) {
	for _, j := range all {
		if !j.neverWalked() {
			shown = append(shown, j)
			continue
		}
		reason := j.lack()
		i := slices.IndexFunc(left, func(u unwalked) bool { return u.Reason == reason })
		if i < 0 {
			i = len(left)
			left = append(left, unwalked{Reason: reason})
		}
		left[i].Journeys = append(left[i].Journeys, j)
	}
	return shown, left
}

// neverWalked tells whether the journey was left out as a whole: it has verdicts,
// all unsupported, and neither a step nor anything else that came of a walk.
func (j *journey) neverWalked() bool {
	if j.Outcome != verdict.Unsupported || len(j.Steps) > 0 || j.Evidence != "" || j.Error != "" {
		return false
	}
	for _, c := range j.Clauses {
		if slices.ContainsFunc(c.Verdicts, func(v verdict.Verdict) bool { return v.Outcome != verdict.Unsupported }) {
			return false
		}
	}
	return len(j.Clauses) > 0
}

// lack is why a journey was never walked.
func (j *journey) lack() string {
	var reasons []string
	for _, c := range j.Clauses {
		for _, reason := range c.reasons(verdict.Unsupported) {
			if !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
		}
	}
	if len(reasons) == 0 {
		return "no reason is given"
	}
	return strings.Join(reasons, "; ")
}

func (j *journey) verdicts() int {
	n := 0
	for _, c := range j.Clauses {
		n += len(c.Verdicts)
	}
	return n
}

// leftOut says how much was never walked: "24 scenarios were not walked, 205 verdicts".
func leftOut(left []unwalked) string {
	scenarios, verdicts := 0, 0
	for i := range left {
		scenarios += len(left[i].Journeys)
		verdicts += left[i].verdicts()
	}
	were := " were"
	if scenarios == 1 {
		were = " was"
	}
	return count(scenarios, "scenario") + were + " not walked, " + count(verdicts, "verdict")
}

// unwalked writes the journeys that were never walked: with Verbose a line for
// each, otherwise no more than their names.
func (t *printer) unwalked(left []unwalked) {
	if len(left) == 0 {
		return
	}
	result := outcome(verdict.Unsupported)
	t.flow(0, len(result.text)+2, result, span{"  " + leftOut(left), strong})
	for i := range left {
		u := &left[i]
		t.flow(2, 4, span{visibleLines(u.Reason), plain})
		var ids []string
		for _, j := range u.Journeys {
			ids = append(ids, visible(j.ID))
		}
		width := len("scenarios")
		if !t.verbose {
			t.field(4, width, "scenarios", span{strings.Join(ids, ", "), plain})
		} else {
			id := widest(44, ids...)
			t.flow(4, 4, span{"scenarios", dim})
			for k, j := range u.Journeys {
				line := []span{{cell(ids[k], id), plain}, {cell(count(j.verdicts(), "verdict"), len("99 verdicts")) + visible(j.Where), dim}}
				if j.Where == "" {
					line[1].text = count(j.verdicts(), "verdict")
				}
				t.flow(6, 8, line...)
			}
		}
		var clauses []string
		for _, c := range u.clauses() {
			clauses = append(clauses, visible(c))
		}
		t.field(4, width, "clauses", span{strings.Join(clauses, ", "), plain})
	}
	t.blank()
}

// unwalkedView is a reason not to walk, and the journeys that it kept back.
type unwalkedView struct {
	Reason, Count string
	Journeys      []unwalkedJourney
}

type unwalkedJourney struct {
	Anchor, ID, Title, Where, Count string
	Clauses                         []string
}

func newUnwalkedView(u *unwalked, anchors map[string]string, anchor func() string) unwalkedView {
	view := unwalkedView{Reason: visibleLines(hinted(u.Reason)), Count: count(len(u.Journeys), "scenario")}
	for _, j := range u.Journeys {
		one := unwalkedJourney{
			Anchor: anchor(), ID: visible(j.ID), Title: visible(j.Title), Where: visible(j.Where), Count: count(j.verdicts(), "verdict"),
		}
		keepFirst(anchors, j.ID, one.Anchor)
		for _, c := range j.Clauses {
			one.Clauses = append(one.Clauses, visible(c.ID))
		}
		view.Journeys = append(view.Journeys, one)
	}
	return view
}
