package scenario

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Person returns the plan as it is for a person: "" and "first" are the first one,
// "second" is another. Another person is set up as the first one, but the site
// knows him by other values, of the same length and kind, but for those that the
// config shares: what is made of them tells the two apart.
func (p *Plan) Person(person string) *Plan {
	config := &p.Scenario.Config
	if person == "" || person == PersonFirst || len(config.Customer)+len(config.Changes)+len(config.Attributes) == 0 {
		return p
	}
	sc, plan := *p.Scenario, *p
	sc.Config.Customer = otherValues(config.Customer, config.Shares)
	sc.Config.Attributes = otherValues(config.Attributes, nil)
	sc.Config.Changes = slices.Clone(config.Changes)
	for i, change := range config.Changes {
		sc.Config.Changes[i] = otherValues(change, config.Shares)
	}
	plan.Scenario = &sc
	return &plan
}

func otherValues(values map[string]string, shared []string) map[string]string {
	others := maps.Clone(values)
	for key, value := range others {
		if !slices.Contains(shared, key) {
			others[key] = otherValue(key, value)
		}
	}
	return others
}

// otherValue keeps what would make a value invalid: an address its host, a date its
// day, a gender that it is one.
func otherValue(role, value string) string {
	switch {
	case role == RoleEmail && strings.Contains(value, "@"):
		local, host, _ := strings.Cut(value, "@")
		return strings.Map(another, local) + "@" + host
	case role == RoleBirthDate && datePattern.MatchString(value):
		return value[:3] + strings.Map(another, value[3:4]) + value[4:]
	case role == RoleGender && otherGender[value] != "":
		return otherGender[value]
	}
	return strings.Map(another, value)
}

var (
	datePattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-([01][0-9]|2[0-8])$`)
	otherGender = map[string]string{"female": "male", "male": "female", "f": "m", "m": "f"}
)

// another turns a letter or a digit into the next one.
func another(r rune) rune {
	switch {
	case r == 'z' || r == 'Z':
		return r - 25
	case r == '9':
		return '0'
	case r >= 'a' && r < 'z', r >= 'A' && r < 'Z', r >= '0' && r < '9':
		return r + 1
	}
	return r
}

// Salted returns the plan with customers whom nobody has met before: what tells one
// from another is made anew from each value and the salt, in the same length and
// kind. A collector that outlives a journey would otherwise know them from an
// earlier one. Host and country of an address or number stay as they are. An empty
// salt changes nothing.
func (p *Plan) Salted(salt string) *Plan {
	if salt == "" {
		return p
	}
	sc, plan := *p.Scenario, *p
	plan.Scenario, plan.Salt = &sc, salt
	sc.Config.Customer = salted(sc.Config.Customer, salt)
	sc.Config.Changes = slices.Clone(sc.Config.Changes)
	for i, change := range sc.Config.Changes {
		sc.Config.Changes[i] = salted(change, salt)
	}
	return &plan
}

func salted(values map[string]string, salt string) map[string]string {
	others := maps.Clone(values)
	for role, value := range others {
		switch role {
		case RoleEmail:
			local, _, _ := strings.Cut(value, "@")
			others[role] = disguised(local, salt) + value[len(local):]
		case RolePhone:
			country := min(len(value), len("+49"))
			others[role] = value[:country] + disguised(value[country:], salt)
		case RoleCustomerID, RoleName, RoleFirstName, RoleLastName:
			others[role] = disguised(value, salt)
		}
	}
	return others
}

// disguised puts other letters and digits in the place of a text's own.
func disguised(text, salt string) string {
	sum := sha256.Sum256([]byte(salt + "\x00" + text))
	n := 0
	return strings.Map(func(r rune) rune {
		n++
		b := rune(sum[n%len(sum)])
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + b%26
		case r >= 'A' && r <= 'Z':
			return 'A' + b%26
		case r >= '0' && r <= '9':
			return '0' + b%10
		}
		return r
	}, text)
}

// PersonAt returns whom the site knows on the pages that the device of the step at
// the index opens: "" for the first person, or "second". The second device is the
// second person's until a step says otherwise.
func (sc *Scenario) PersonAt(index int) string {
	persons := map[string]string{DeviceSecond: PersonSecond}
	for i := range min(index+1, len(sc.Journey)) {
		device, _ := sc.Place(i)
		switch sc.Journey[i].Person {
		case "":
		case PersonFirst:
			persons[device] = ""
		default:
			persons[device] = sc.Journey[i].Person
		}
	}
	device, _ := sc.Place(index)
	return persons[device]
}

// Persons returns the persons whom the journey's pages know, as PersonAt does, in
// order of appearance.
func (sc *Scenario) Persons() []string {
	var list []string
	for i := range sc.Journey {
		if person := sc.PersonAt(i); !slices.Contains(list, person) {
			list = append(list, person)
		}
	}
	return list
}

// The ways in which a site makes its identifier of a customer.
const (
	IdentityMD5    = "md5"
	IdentitySHA256 = "sha256"
	IdentityRaw    = "raw"
)

// Identification returns how the site makes its identifier of a customer, with
// what the config leaves unsaid.
func (c Config) Identification() Identification {
	made := Identification{Of: RoleEmail, By: IdentityMD5}
	if c.Identity != nil && c.Identity.Of != "" {
		made.Of = c.Identity.Of
	}
	if c.Identity != nil && c.Identity.By != "" {
		made.By = c.Identity.By
	}
	return made
}

// changed returns what the site knows under the role after that many changes and
// one more.
func (c Config) changed(change int, role string) string {
	value := c.Customer[role]
	for i, changed := range c.Changes {
		if newer, ok := changed[role]; ok && i <= change {
			value = newer
		}
	}
	return value
}

// PageAccount is the page that tells the pixel by itself who the customer is.
const PageAccount = "account"

// identifying lists the actions with which the site tells the pixel who the person
// is, each with the changes that it knows of by then.
var identifying = map[string]int{
	ActionSignUp: -1, ActionSignIn: -1, ActionIdentify: -1, ActionChange: 0, ActionChangeAgain: 1,
}

// Identifies tells that the site tells the pixel in the step who the person is.
func (s Step) Identifies() bool {
	_, ok := identifying[s.Do]
	return ok || s.Open == PageAccount
}

// GivenLast returns the value that the site gave last under the role, for the
// person of the step at the index, in that step or before; "" when it gave none.
// The pages keep no state: who signs in after a change gives the first value again.
func (p *Plan) GivenLast(role string, index int) string {
	sc := p.Scenario
	person, last := sc.PersonAt(index), ""
	for i, step := range sc.Journey[:min(index+1, len(sc.Journey))] {
		if !step.Identifies() || sc.PersonAt(i) != person {
			continue
		}
		change := -1
		if known, ok := identifying[step.Do]; ok {
			change = known
		}
		if value := p.Person(person).Scenario.Config.changed(change, role); value != "" {
			last = value
		}
	}
	return last
}

// CustomerID returns the identifier that the site gives of the plan's person (see
// Person): the one of the config, or else what it makes of the e-mail address or
// the telephone number as it stands there. It is empty when the config has neither.
func (p *Plan) CustomerID() string { return p.Scenario.CustomerID() }

// CustomerID is that of the scenario's first person; see [Plan.CustomerID].
func (sc *Scenario) CustomerID() string {
	if id := sc.Config.Customer[RoleCustomerID]; id != "" {
		return id
	}
	made, raw := sc.Config.Identification(), sc.RawCustomer()
	if raw == "" {
		return ""
	}
	return digest(raw, made.By)
}

// RawCustomer returns the e-mail address or telephone number that the site makes
// its identifier of; it is empty when the config has none.
func (sc *Scenario) RawCustomer() string {
	return sc.Config.Customer[sc.Config.Identification().Of]
}

// HashedIDs returns the identifiers that a document which wants a hash accepts of
// the person: the MD5 and the SHA-256 of the e-mail address and of the telephone
// number, in small hex digits.
func (p *Plan) HashedIDs() []string {
	var list []string
	for _, role := range []string{RoleEmail, RolePhone} {
		if raw := p.Scenario.Config.Customer[role]; raw != "" {
			list = append(list, digest(raw, IdentityMD5), digest(raw, IdentitySHA256))
		}
	}
	return list
}

func digest(text, by string) string {
	switch by {
	case IdentityMD5:
		sum := md5.Sum([]byte(text))
		return hex.EncodeToString(sum[:])
	case IdentitySHA256:
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	return text
}
