package check

import (
	"fmt"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// stores judges that the visitor's browser keeps nothing but his choice.
type stores struct {
	*bench
	view *view
}

// empty: no cookie but that of the choice was written in the step, by whomever, and
// none is in the jar at its end, of whatever site, nor anything in another store but
// what everybody has there: that is said, and is no data. It
// is proven by another step of the same visitor, on the same page, in which the
// pixel was seen to send, and by one in which something was kept.
func (s stores) empty() finding {
	choice := s.plan.CookieName(scenario.RoleChoice).Name
	for _, w := range s.view.writes {
		if w.Name != choice && !w.Deletes() {
			return finding{outcome: verdict.Fail, observed: fmt.Sprintf("the cookie %s was written by %s", show(w.Name), w.By), cookie: writeExcerpt(w, "pair")}
		}
	}
	if s.view.snapshot == nil {
		return inconclusive(noSnapshot, s.view.step.Name)
	}
	for _, k := range s.view.snapshot.Cookies {
		if k.Name != choice {
			return finding{outcome: verdict.Fail, state: true, observed: fmt.Sprintf("the cookie %s is in the jar", show(k.Name)), cookie: jarExcerpt(k, s.view.step.Name, "pair")}
		}
	}
	nothing, doubtful := "nothing is kept but the choice", ""
	for _, item := range s.view.snapshot.Storage {
		same, proven := s.constant(item)
		where := fmt.Sprintf("%s is in the %s of %s", show(item.Name), item.Store, item.Origin)
		switch {
		case !same:
			return finding{outcome: verdict.Fail, state: true, observed: where, storage: itemExcerpt(item, s.view.step.Name)}
		case !proven:
			doubtful = where + ", and was never seen to change; nobody else's browser shows whether everybody has it"
		}
		nothing += fmt.Sprintf(", and what everybody has: %s", where)
	}
	if doubtful != "" {
		return inconclusive("%s", doubtful).seen("%s", nothing)
	}
	if contrast, reason := s.speaks(s.view); contrast == nil {
		return inconclusive("%s", reason).seen("%s", nothing)
	}
	for _, v := range s.views {
		if v != s.view && s.keeps(v, choice) {
			return finding{outcome: verdict.Pass, observed: nothing + "; something was in the step " + v.step.Name}
		}
	}
	return inconclusive("the pixel kept something in no other step, so that nothing is kept proves nothing").seen("%s", nothing)
}

// keeps tells that something but the choice was written or kept in the step.
func (s stores) keeps(v *view, choice string) bool {
	return slices.ContainsFunc(v.writes, func(w *evidence.CookieWrite) bool { return w.Name != choice && !w.Deletes() }) ||
		v.snapshot != nil && (len(v.snapshot.Storage) > 0 || slices.ContainsFunc(v.snapshot.Cookies, func(k evidence.Cookie) bool { return k.Name != choice }))
}
