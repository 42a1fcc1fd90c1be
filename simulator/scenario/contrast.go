package scenario

import "slices"

// checkContrast refuses an expectation that nothing in the journey can give a
// contrast to: an absence means something only beside the presence, and the
// presence is seen where another step opens a page.
func (s *source) checkContrast(sc *Scenario, e *Expectation, path string, index int) {
	opens := func(from, to int) bool {
		for i := from; i < to; i++ {
			if sc.visits(i) && sc.Journey[i].Open != "" {
				return true
			}
		}
		return false
	}
	_, subject := e.Subject()
	switch {
	case e.Identifier != "":
		s.checkCompared(sc, e, path, index)
		return
	case e.Profile != "":
		s.checkProfileWitness(sc, e, path, index)
		return
	case e.Attribute != "":
		s.checkAttributeWitness(sc, e, path, index)
		return
	case e.Request != "", e.Cookie == CookieAny:
		s.checkNothingWitness(sc, e, path, index)
		return
	case e.Session != "":
		s.checkSessionWitness(sc, e, path, index)
		return
	case e.Kept != "":
		s.checkKeptWitness(sc, e, path, index)
		return
	}
	path = join(path, "is")
	switch e.Is {
	case StateAbsent:
		if !opens(0, index) && !opens(index+1, len(sc.Journey)) {
			s.reject(path, "add a step that opens a page where it is present",
				"nothing can show that %s is ever there: no other step opens a page", subject)
		}
	case StateGone, StateNotStored, StateUntraced:
		given := e.Identity != "" && len(sc.Config.Customer) > 0 // known before any page
		if !opens(0, index) && !given {
			s.reject(path, "begin with a step that opens a page where it is present",
				"nothing can show that %s was there before: no earlier step opens a page", subject)
		}
	case StateFresh, StateGrown, StateUnchanged:
		if index == 0 {
			s.reject(path, "expect it of a later step", "there is no earlier step to compare with")
		}
	case StateUntouched:
		grows := func(other Expectation) bool { return other.Record == e.Record && other.Is == StateGrown }
		switch {
		case index == 0:
			s.reject(path, "expect it of a later step", "there is no earlier step to compare with")
		case !slices.ContainsFunc(sc.Expect, grows):
			s.reject(path, "expect it grown at a step where it is to grow", "nothing can show that the record %s ever grows", e.Record)
		}
	case StateGiven:
		if e.Parameter != RoleActionName && sc.Config.Customer[e.Parameter] == "" {
			s.reject(path, "give it under config, customer", "the config gives no value for %s", subject)
		}
	case StateInOrder:
		if sc.Config.Actions == nil || len(sc.Config.Actions.Queued) < 2 {
			s.reject(path, "list two or more under config, actions, queued", "nothing is queued that could come in order")
		}
	case StateResumed:
		if index < 2 || !opens(1, index) {
			s.reject(path, "let an earlier step show it present and one between show it absent",
				"nothing can show that %s was there and then was not", subject)
		}
	}
}

// checkCompared wants an identifier to be looked for in two steps of one visitor,
// and in one of another person.
func (s *source) checkCompared(sc *Scenario, e *Expectation, path string, index int) {
	device, _ := sc.Place(index)
	for _, c := range []struct {
		key, step string
		same      bool
		problem   string
	}{
		{"with", e.With, true, "the step %s is not an earlier one of the same visitor"},
		{"unlike", e.Unlike, false, "the step %s is not one of another person"},
	} {
		at := stepIndex(sc, c.step)
		if at < 0 {
			if c.step != "" {
				s.reject(join(path, c.key), suggest(c.step, stepNames(sc)), "unknown step %s", shown(c.step))
			}
			continue
		}
		if other, _ := sc.Place(at); (other == device) != c.same || c.same && at >= index {
			s.reject(join(path, c.key), "", c.problem, shown(c.step))
		}
	}
}
