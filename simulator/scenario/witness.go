package scenario

import (
	"fmt"
	"slices"
)

// mostChanges is how many times a customer changes what the site knows: there is
// an action for each.
const mostChanges = 2

// checkPersonal checks what a config says of customers.
func (s *source) checkPersonal(c Config) {
	if c.Identity != nil {
		s.checkWord("config.identity.of", "role of an identity", c.Identity.Of, []Word{{Name: RoleEmail}, {Name: RolePhone}})
		s.checkWord("config.identity.by", "way to make an identity", c.Identity.By, []Word{{Name: IdentityMD5}, {Name: IdentitySHA256}, {Name: IdentityRaw}})
		if c.Customer[RoleCustomerID] != "" {
			s.reject("config.identity", "leave one of them out", "the customer's identifier is given under customer, and made as well")
		}
	}
	s.checkShares(c)
	if len(c.Changes) > mostChanges {
		s.reject("config.changes", "", "there are %d changes, more than %d", len(c.Changes), mostChanges)
	}
	for i, change := range c.Changes {
		at := fmt.Sprintf("config.changes[%d]", i)
		if len(change) == 0 {
			s.reject(at, "", "nothing changes")
		}
		for _, role := range sortedKeys(change) {
			s.checkRole(join(at, role), "changed customer", role, attributeWord)
		}
	}
	for _, name := range sortedKeys(c.Attributes) {
		if !identifierPattern.MatchString(name) {
			s.report(s.keys["config.attributes."+name], "a name as a script spells it", "%s is no name of an attribute", shown(name))
		}
	}
}

// sharedWord tells the roles of what two people can have in common: not what the
// site tells them apart by.
func sharedWord(w Word) bool {
	return customerWord(w) && w.Name != RoleEmail && w.Name != RoleCustomerID
}

// checkShares checks what two persons have in common.
func (s *source) checkShares(c Config) {
	s.refuseTwice("config.shares", c.Shares)
	for i, role := range c.Shares {
		at := fmt.Sprintf("config.shares[%d]", i)
		s.checkRole(at, "value that two people share", role, sharedWord)
		if word, known := roleWord(role); !known || !sharedWord(word) {
			continue
		}
		_, given := c.Customer[role]
		switch {
		case role == c.Identification().Of:
			s.reject(at, "make the identity of something else", "the customer's identifier is made of the %s, so two people cannot share it", role)
		case !given:
			s.reject(at, "give it under config, customer", "the customer has no %s that another could share", role)
		}
	}
}

// checkShared wants a second person for what he has in common with the first.
func (s *source) checkShared(sc *Scenario) {
	if len(sc.Config.Shares) > 0 && !slices.Contains(sc.Persons(), PersonSecond) {
		s.reject("config.shares", `let a step have "device: second" or "person: second"`, "nobody else comes who could share anything")
	}
}

// checkChanges wants a change for each action that makes one.
func (s *source) checkChanges(sc *Scenario) {
	for i, step := range sc.Journey {
		if known, ok := identifying[step.Do]; ok && known >= len(sc.Config.Changes) {
			s.reject(fmt.Sprintf("journey[%d].do", i), "list it under config, changes", "the config does not say what is changed with %s", shown(step.Do))
		}
	}
}

// fittingStates says of which states an expectation can speak, where not all that fit
// its subject fit the word.
func fittingStates(e *Expectation) []string {
	switch {
	case e.Profile == ProfileCustomer:
		return []string{StatePresent, StateAbsent, StateMarked, StateComplete, StateJoined, StateApart, StateUnchanged}
	case e.Profile == ProfileVisitor:
		return []string{StatePresent, StateAbsent, StateAnonymous, StateMarked, StateComplete, StateApart, StateUnchanged}
	case e.Profile == ProfileRawCustomer:
		return []string{StatePresent, StateAbsent}
	case e.Attribute == AttributesSystem:
		return []string{StatePresent}
	case e.Attribute == AttributesCustom:
		return []string{StatePresent, StateGiven}
	case e.Cookie == CookieAny:
		return []string{StateAbsent}
	case e.Session == SessionAddress:
		return []string{StatePresent, StateGiven, StateMasked}
	case e.Session == SessionCountry, e.Session == SessionCity:
		return []string{StatePresent, StateGiven}
	case e.Session == SessionVisitorID:
		return []string{StatePresent, StateAbsent}
	}
	return nil
}

// checkNarrower refuses a state that fits the subject, but not the word.
func (s *source) checkNarrower(e *Expectation, path string) {
	fitting := fittingStates(e)
	word, known := find(States(), e.Is)
	kind, subject := e.Subject()
	i := slices.IndexFunc(subjects, func(s subjectKind) bool { return s.key == kind })
	if fitting == nil || !known || slices.Contains(fitting, e.Is) || !subjects[i].fits(word) {
		return
	}
	s.reject(path, oneOf(fitting), "the state %s is never that of %s", shown(e.Is), shown(subject))
}

// checkCompanions wants the steps that an expectation compares with, and no others.
func (s *source) checkCompanions(e *Expectation, path, subject string) {
	identifier := subject == "identifier"
	compared := e.Profile != "" && (e.Is == StateJoined || e.Is == StateApart)
	switch has := s.has(join(path, "with")); {
	case !has && identifier:
		s.reject(join(path, "with"), "", `an identifier wants the key "with"`)
	case !has && compared:
		s.reject(join(path, "with"), "name the step whose visitor IDs and events are meant", `a profile that is %s wants the key "with"`, e.Is)
	case has && !identifier && !compared:
		s.reject(join(path, "with"), "", `"with" is said of an identifier, and of a profile that is joined or apart`)
	}
	switch has := s.has(join(path, "unlike")); {
	case !has && identifier:
		s.reject(join(path, "unlike"), "", `an identifier wants the key "unlike"`)
	case has && !identifier:
		s.reject(join(path, "unlike"), "", `"unlike" is said of an identifier only`)
	}
}

// identified tells whether one of the steps up to the index, which may be beyond
// the journey's end, tells who the person is.
func (sc *Scenario) identified(person string, last int) bool {
	for i, step := range sc.Journey {
		if i <= last && step.Identifies() && sc.PersonAt(i) == person {
			return true
		}
	}
	return false
}

// checkProfileWitness wants that the journey can show what an expectation of a
// profile rests on: that the customer is known, that there is a step to compare with.
func (s *source) checkProfileWitness(sc *Scenario, e *Expectation, path string, index int) {
	person, all := sc.PersonAt(index), len(sc.Journey)
	at := join(path, "is")
	if e.Profile != ProfileVisitor && sc.CustomerID() == "" {
		s.reject(join(path, "profile"), fmt.Sprintf("give the %s under config, customer", sc.Config.Identification().Of),
			"the config does not say who the customer is")
		return
	}
	if e.With != "" && (e.Is == StateJoined || e.Is == StateApart) {
		switch with := stepIndex(sc, e.With); {
		case with < 0:
			s.reject(join(path, "with"), suggest(e.With, stepNames(sc)), "unknown step %s", shown(e.With))
		case with > index:
			s.reject(join(path, "with"), "name an earlier one, or expect it later", "the step %s comes after the step %s", shown(e.With), shown(e.At))
		case with == index && e.Profile == ProfileVisitor:
			s.reject(join(path, "with"), "name another step", "the profile of a visitor is never apart from his own step")
		}
	}
	const identify = `let a step identify the person: "sign-up", "sign-in" or "identify", or the page "account"`
	known := sc.identified(person, index)
	switch {
	case e.Profile == ProfileVisitor:
		s.checkVisitorWitness(sc, e, at, index)
	case e.Is == StateAbsent && e.Profile == ProfileCustomer:
		if !sc.identified(person, all) {
			s.reject(at, identify, "nothing can show that the customer would be there: no step identifies the person")
		}
	case e.Is == StateUnchanged:
		if !sc.identified(person, index-1) {
			s.reject(at, identify, "nothing can show that the customer was there before: no earlier step identifies the person")
		}
	case !known:
		s.reject(at, identify, "nothing can bring the customer there: no step so far identifies the person")
	}
}

// checkVisitorWitness wants that the visitor's profile was there in another step,
// where it is to be absent or unchanged.
func (s *source) checkVisitorWitness(sc *Scenario, e *Expectation, at string, index int) {
	opens := func(step Step) bool { return step.Open != "" }
	switch e.Is {
	case StateAbsent:
		if !slices.ContainsFunc(sc.Journey[:index], opens) && !slices.ContainsFunc(sc.Journey[index+1:], opens) {
			s.reject(at, "add a step that opens a page where it is present", "nothing can show that the profile is ever there: no other step opens a page")
		}
	case StateUnchanged:
		if !slices.ContainsFunc(sc.Journey[:index], opens) {
			s.reject(at, "expect it of a later step", "there is no earlier step to compare with")
		}
	case StateMarked:
		if !sc.identified(sc.PersonAt(index), index) {
			s.reject(at, "let a step identify the person", "nothing can make the visitor a customer: no step so far identifies the person")
		}
	}
}

// checkAttributeWitness wants that the site gives what an attribute is to be.
func (s *source) checkAttributeWitness(sc *Scenario, e *Expectation, path string, index int) {
	at := join(path, "is")
	switch {
	case e.Attribute == AttributesSystem:
	case e.Attribute == AttributesCustom:
		switch acts := slices.ContainsFunc(sc.Journey[:index+1], func(step Step) bool { return step.Do == ActionAct }); {
		case len(sc.Config.Attributes) == 0:
			s.reject(at, "give some under config, attributes", "the config gives no attributes")
		case !acts:
			s.reject(at, `let a step do "act"`, "no step so far gives the attributes")
		}
	case !sc.identified(sc.PersonAt(index), index):
		s.reject(at, "let a step identify the person", "no step so far gives %s", e.Attribute)
	case e.Is == StateNewest:
		if !slices.ContainsFunc(sc.Journey[:index+1], func(step Step) bool {
			known, ok := identifying[step.Do]
			return ok && known >= 0 && known < len(sc.Config.Changes) && sc.Config.Changes[known][e.Attribute] != ""
		}) {
			s.reject(at, `list it under config, changes, and let a step do "change"`, "%s never changes, so nothing is newer", e.Attribute)
		}
	case sc.Config.Customer[e.Attribute] == "":
		s.reject(at, "give it under config, customer", "the config gives no value for %s", e.Attribute)
	}
}
