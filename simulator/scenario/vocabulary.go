package scenario

import (
	"regexp"
	"slices"
	"strings"
)

// Word is one word of the closed vocabulary.
type Word struct {
	// Name is the word itself, as it stands in a file.
	Name string
	// Meaning explains it in one line.
	Meaning string
	// Parameter and Cookie tell what a role or a state can be said of; in the
	// other lists they mean nothing.
	Parameter, Cookie bool
}

// The roles: what a scenario calls the things that every vendor names
// differently. Category-N is a family, see [CategoryRole].
const (
	RoleVisitorID     = "visitor-id"
	RoleSessionID     = "session-id"
	RoleAnonymousFlag = "anonymous-flag"
	RoleCustomerID    = "customer-id"
	RoleChoice        = "choice"
	// RoleCategory stands for the family in lists; a file says category-5.
	RoleCategory = "category-N"
)

// Roles returns the roles that a scenario may speak of.
func Roles() []Word {
	return []Word{
		{Name: RoleVisitorID, Meaning: "the identifier that joins one visitor's visits", Parameter: true, Cookie: true},
		{Name: RoleSessionID, Meaning: "what marks one visit", Parameter: true, Cookie: true},
		{Name: RoleAnonymousFlag, Meaning: "the flag that marks a request as anonymous", Parameter: true},
		{Name: RoleCustomerID, Meaning: "the site's own identifier of a known customer", Parameter: true},
		{Name: RoleCategory, Meaning: "a category of the customer; N is its number, 1 to 999", Parameter: true},
		{Name: RoleChoice, Meaning: "the cookie that holds the visitor's choice", Cookie: true},
	}
}

var categoryPattern = regexp.MustCompile(`^category-([1-9][0-9]{0,2})$`)

// CategoryRole tells whether the role is one of the category-N family, and
// gives its number as text, such as "5".
func CategoryRole(role string) (number string, ok bool) {
	m := categoryPattern.FindStringSubmatch(role)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// roleWord returns the vocabulary's entry for a role as it stands in a file.
func roleWord(role string) (Word, bool) {
	if _, ok := CategoryRole(role); ok {
		return find(Roles(), RoleCategory)
	}
	if role == RoleCategory {
		return Word{}, false
	}
	return find(Roles(), role)
}

// roleCandidates lists what a misspelt role may have meant.
func roleCandidates(role string, fits func(Word) bool) []string {
	var names []string
	for _, w := range Roles() {
		if !fits(w) {
			continue
		}
		if w.Name == RoleCategory {
			digits := strings.TrimLeft(strings.Map(onlyDigits, role), "0")
			if digits == "" || len(digits) > 3 {
				digits = "1"
			}
			w.Name = "category-" + digits
		}
		names = append(names, w.Name)
	}
	return names
}

func onlyDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}

// The features that a scenario may require and a pixel may declare.
const (
	FeatureSwitchableAnonymity  = "switchable-anonymity"
	FeatureSuppressedParameters = "suppressed-parameters"
)

// Features returns the features.
func Features() []Word {
	return []Word{
		{Name: FeatureSwitchableAnonymity, Meaning: "the visitor can switch between anonymous and identifiable tracking"},
		{Name: FeatureSuppressedParameters, Meaning: "the site can name parameters that anonymous requests leave out"},
	}
}

// The states that an expectation may ask for with `is`.
const (
	StatePresent   = "present"
	StateAbsent    = "absent"
	StateSet       = "set"
	StateResumed   = "resumed"
	StateUntraced  = "untraced"
	StateGone      = "gone"
	StateNotStored = "not-stored"
)

// States returns the states. Gone and not-stored are two words because they
// are two promises: that what was there is removed, and that nothing new is
// stored. A pixel may keep the second while it breaks the first.
func States() []Word {
	return []Word{
		{Name: StatePresent, Parameter: true, Cookie: true,
			Meaning: "every judged request of the step carries it, not empty; the jar holds the cookie"},
		{Name: StateAbsent, Parameter: true, Cookie: true,
			Meaning: "no judged request of the step carries it, and its earlier value stands nowhere in any request; the jar does not hold the cookie"},
		{Name: StateSet, Parameter: true, Cookie: true,
			Meaning: "present, with exactly the value that the pixel names under `set`"},
		{Name: StateResumed, Parameter: true,
			Meaning: "present again, after it was present in an earlier step and absent in one between"},
		{Name: StateUntraced, Parameter: true,
			Meaning: "no value that it had in an earlier step stands in anything that left the browser; a step without a request of the pixel passes, too"},
		{Name: StateGone, Cookie: true,
			Meaning: "seen in an earlier step, and no longer in the jar (judges removal)"},
		{Name: StateNotStored, Cookie: true,
			Meaning: "no live cookie was written while the visitor was anonymous, and the jar holds none but a leftover from before the choice, which `gone` judges (judges storing)"},
	}
}

// The groups of requests that `among` narrows an expectation to.
const (
	AmongIdentifiable = "identifiable"
	AmongAnonymous    = "anonymous"
)

// Groups returns the words for `among`.
func Groups() []Word {
	return []Word{
		{Name: AmongIdentifiable, Meaning: "requests that carry the visitor ID"},
		{Name: AmongAnonymous, Meaning: "requests that do not carry the visitor ID"},
	}
}

// Levels returns the levels of a clause.
func Levels() []Word {
	return []Word{
		{Name: string(Must), Meaning: "the document states it"},
		{Name: string(Derived), Meaning: "it follows from an example, a converse or an instruction"},
		{Name: string(Unclear), Meaning: "the document is silent or contradicts itself; reported, never failed"},
	}
}

// The places where a promise can be observed.
const (
	SeenAtBrowser   = "browser"
	SeenAtRequest   = "request"
	SeenAtCollector = "collector"
	SeenAtProfile   = "profile"
	SeenAtPage      = "page"
)

// Sights returns the words for `seen-at`.
func Sights() []Word {
	return []Word{
		{Name: SeenAtBrowser, Meaning: "what the browser keeps: cookies and other storage"},
		{Name: SeenAtRequest, Meaning: "a request that leaves the browser"},
		{Name: SeenAtCollector, Meaning: "the collector's records"},
		{Name: SeenAtProfile, Meaning: "the profile store"},
		{Name: SeenAtPage, Meaning: "a web page of the vendor's system"},
	}
}

// The actions that a step may do.
const (
	ActionOptOut  = "opt-out"
	ActionOptBack = "opt-back"
)

// Actions returns the actions.
func Actions() []Word {
	return []Word{
		{Name: ActionOptOut, Meaning: "the visitor opts out of identifiable tracking"},
		{Name: ActionOptBack, Meaning: "the visitor takes the opt-out back"},
	}
}

// SettingAnonymityCookie is the one setting that renames a cookie: the
// scenario's config, anonymity, cookie.
const SettingAnonymityCookie = "anonymity.cookie"

// Settings returns the scenario settings that can rename a cookie.
func Settings() []Word {
	return []Word{
		{Name: SettingAnonymityCookie, Meaning: "the scenario's config can rename the cookie that holds the choice"},
	}
}

// AllDocument is the document of the clauses and scenarios that hold for every
// pixel; no text stands behind it.
const AllDocument = "all"

func find(words []Word, name string) (Word, bool) {
	i := slices.IndexFunc(words, func(w Word) bool { return w.Name == name })
	if i < 0 {
		return Word{}, false
	}
	return words[i], true
}

func names(words []Word) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.Name
	}
	return list
}

func parameterWord(w Word) bool { return w.Parameter }
func cookieWord(w Word) bool    { return w.Cookie }

// only returns the words for which keep is true.
func only(words []Word, keep func(Word) bool) []Word {
	return slices.DeleteFunc(slices.Clone(words), func(w Word) bool { return !keep(w) })
}
