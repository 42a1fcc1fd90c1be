package scenario

import "slices"

// visits tells that the step at the index is a visitor's, not the administrator's.
func (sc *Scenario) visits(index int) bool {
	device, _ := sc.Place(index)
	return device != DeviceOffice
}

// sends tells that a pixel may well send something in the step at the index: it
// opens a page, the visitor answers the consent window, or the site reports what he
// does.
func (sc *Scenario) sends(index int) bool {
	step := sc.Journey[index]
	return sc.visits(index) && (step.Open != "" || step.Chooses() || step.Do == ActionAct || step.Identifies())
}

func (sc *Scenario) sendsElsewhere(index int, also func(other int) bool) bool {
	for i := range sc.Journey {
		if i != index && sc.sends(i) && also(i) {
			return true
		}
	}
	return false
}

func anywhere(int) bool { return true }

// checkNothingWitness wants a step in which the pixel may send or keep what it does
// not at the index.
func (s *source) checkNothingWitness(sc *Scenario, e *Expectation, path string, index int) {
	if e.Is == StateAbsent && !sc.sendsElsewhere(index, anywhere) {
		s.reject(join(path, "is"), "add a step in which the visitor agrees, or opens a page after he has agreed",
			"nothing can show that the pixel ever works: in no other step it could send anything")
	}
}

// checkSessionWitness wants an origin for what a session says of one, and a session
// that has the visitor ID beside one that has none.
func (s *source) checkSessionWitness(sc *Scenario, e *Expectation, path string, index int) {
	name, origin := sc.OriginAt(index)
	at := join(path, "session")
	switch e.Session {
	case SessionAddress, SessionCountry, SessionCity:
		switch {
		case name == "":
			s.reject(at, `give the origin under config, origins, and let a step say "from"`, "nothing says where the visitor comes from")
		case e.Is == StateGiven && e.Session == SessionCountry && origin.Country == "", e.Is == StateGiven && e.Session == SessionCity && origin.City == "":
			s.reject(at, "give it under config, origins, "+name, "the origin %s has no %s", name, e.Session)
		}
	case SessionVisitorID:
		if e.Is != StateAbsent {
			return
		}
		for _, other := range sc.Expect {
			if other.Session == SessionVisitorID && other.Is == StatePresent && other.At != e.At {
				return
			}
		}
		s.reject(join(path, "is"), "expect it present at a step where the visitor has agreed",
			"nothing can show that a session ever has a visitor ID")
	}
}

// checkKeptWitness wants what is searched for to be known, and another step whose
// visitor leaves the same kind of thing: only then does the search show that it
// finds anything.
func (s *source) checkKeptWitness(sc *Scenario, e *Expectation, path string, index int) {
	at := join(path, "kept")
	switch e.Kept {
	case KeptAddress:
		name, origin := sc.OriginAt(index)
		if name == "" {
			s.reject(at, `give the origin under config, origins, and let a step say "from"`, "nothing says where the visitor comes from")
			return
		}
		elsewhere := func(i int) bool {
			name, other := sc.OriginAt(i)
			return name != "" && other.Address != origin.Address
		}
		if !sc.sendsElsewhere(index, elsewhere) {
			s.reject(at, "add a step from another origin, at which the visitor has agreed",
				"nothing can show that the search finds an address: no other step comes from another one")
		}
		return
	case RoleCustomerID:
		if sc.CustomerID() == "" {
			s.reject(at, "give it under config, customer", "the config does not say who the customer is")
			return
		}
	case RoleEmail, RolePhone:
		if sc.Config.Customer[e.Kept] == "" {
			s.reject(at, "give it under config, customer", "the config gives no value for %s", e.Kept)
			return
		}
	}
	if !sc.sendsElsewhere(index, anywhere) {
		s.reject(at, "add a step at which the visitor has agreed",
			"nothing can show that the search finds anything: in no other step the pixel could send")
	}
}

// Silent tells that the pixel is expected to send nothing at all in the named step.
func (sc *Scenario) Silent(step string) bool {
	return slices.ContainsFunc(sc.Expect, func(e Expectation) bool {
		return e.At == step && e.Request != "" && e.Is == StateAbsent
	})
}
