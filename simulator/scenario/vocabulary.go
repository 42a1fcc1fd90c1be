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
	// Parameter, Cookie and so on tell what a role, a state or a group can be said
	// of; in the other lists they mean nothing.
	Parameter, Cookie, Identity, Identifier, Record, Option, Profile, Attribute bool
	Request, Session, Kept                                                      bool
}

// The roles: what a scenario calls the things that every vendor names
// differently. Category-N is a family, see [CategoryRole].
const (
	RoleVisitorID     = "visitor-id"
	RoleSessionID     = "session-id"
	RoleAnonymousFlag = "anonymous-flag"
	RoleCustomerID    = "customer-id"
	RoleChoice        = "choice"
	RoleEmail         = "email"
	RolePhone         = "phone"
	RoleFirstName     = "first-name"
	RoleLastName      = "last-name"
	RoleName          = "name"
	RoleGender        = "gender"
	RoleBirthDate     = "birth-date"
	RoleActionName    = "action-name"
	RoleEventName     = "event-name"
	RoleDeviceKey     = "device-key"
	RolePageViewID    = "page-view-id"
	RoleMessageID     = "message-id"
	RoleIdentifyTime  = "identify-time"
	RoleIdentifyEvent = "identify-event"
	// RoleCategory stands for the family in lists; a file says category-5.
	RoleCategory = "category-N"
)

// Roles returns the roles that a scenario may speak of.
func Roles() []Word {
	return []Word{
		{Name: RoleVisitorID, Meaning: "the identifier that joins one visitor's visits", Parameter: true, Cookie: true, Identity: true, Session: true, Kept: true},
		{Name: RoleSessionID, Meaning: "what marks one visit", Parameter: true, Cookie: true, Kept: true},
		{Name: RoleAnonymousFlag, Meaning: "the flag that marks a request as anonymous", Parameter: true},
		{Name: RoleCustomerID, Meaning: "the site's own identifier of a known customer", Parameter: true, Identity: true, Kept: true},
		{Name: RoleEmail, Meaning: "the customer's e-mail address", Parameter: true, Identity: true, Attribute: true, Kept: true},
		{Name: RolePhone, Meaning: "the customer's telephone number", Parameter: true, Identity: true, Attribute: true, Kept: true},
		{Name: RoleFirstName, Meaning: "the customer's first name", Parameter: true, Identity: true, Attribute: true},
		{Name: RoleLastName, Meaning: "the customer's last name", Parameter: true, Identity: true, Attribute: true},
		{Name: RoleName, Meaning: "the customer's full name", Parameter: true, Identity: true, Attribute: true},
		{Name: RoleGender, Meaning: "the customer's gender", Parameter: true, Identity: true, Attribute: true},
		{Name: RoleBirthDate, Meaning: "the customer's date of birth", Parameter: true, Identity: true, Attribute: true},
		{Name: RoleCategory, Meaning: "a category of the customer; N is its number, 1 to 999", Parameter: true, Identity: true},
		{Name: RoleActionName, Meaning: "the name of an action that the site reports", Parameter: true},
		{Name: RoleEventName, Meaning: "what kind of event a hit reports", Parameter: true},
		{Name: RoleDeviceKey, Meaning: "what marks one browser, whoever uses it", Parameter: true, Cookie: true},
		{Name: RolePageViewID, Meaning: "what marks one page view, and the events on its page", Parameter: true},
		{Name: RoleMessageID, Meaning: "what marks one event, the same when it is sent again", Parameter: true},
		{Name: RoleIdentifyTime, Meaning: "when the site came to know the visitor", Parameter: true},
		{Name: RoleIdentifyEvent, Meaning: "how the site came to know the visitor", Parameter: true},
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
	FeatureReportedActions      = "reported-actions"
	FeatureBatching             = "batching"
	FeatureReadBack             = "read-back"
	FeatureCustomerProfiles     = "customer-profiles"
	FeatureProfileReadBack      = "profile-read-back"
	FeatureRedelivery           = "redelivery"
	FeatureConsentWindow        = "consent-window"
	FeatureAnonymousSessions    = "anonymous-sessions"
	FeatureSiteSettings         = "site-settings"
	FeatureSessionReadBack      = "session-read-back"
	FeatureKeptReadBack         = "kept-read-back"
)

// Features returns the features.
func Features() []Word {
	return []Word{
		{Name: FeatureSwitchableAnonymity, Meaning: "the visitor can switch between anonymous and identifiable tracking"},
		{Name: FeatureSuppressedParameters, Meaning: "the site can name parameters that anonymous requests leave out"},
		{Name: FeatureReportedActions, Meaning: "the site can report what a visitor does on a page, also before the pixel has loaded"},
		{Name: FeatureBatching, Meaning: "the pixel can collect hits and send several together"},
		{Name: FeatureReadBack, Meaning: "the collector's records can be asked for"},
		{Name: FeatureCustomerProfiles, Meaning: "the site tells who a visitor is, and the visits before belong to the customer then"},
		{Name: FeatureRedelivery, Meaning: "the pixel sends again what a collector did not take"},
		{Name: FeatureProfileReadBack, Meaning: "the collector's profiles can be asked for: the pixel's description says how, under profile"},
		{Name: FeatureConsentWindow, Meaning: "a window asks visitors for their consent, who agree, disagree or ignore it, and can change their minds"},
		{Name: FeatureAnonymousSessions, Meaning: "a visitor who has not agreed has an anonymous session, marked by a temporary cookie"},
		{Name: FeatureSiteSettings, Meaning: "whether visitors who have not agreed are counted anonymously or not at all is a setting of each site, which its administrator changes on the collector's pages"},
		{Name: FeatureSessionReadBack, Meaning: "the collector's newest session can be asked for: the pixel's description says how, under sessions"},
		{Name: FeatureKeptReadBack, Meaning: "the collector keeps nothing but in files that can be searched: its store and its logs"},
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
	StateFresh     = "fresh"
	StateGiven     = "given"
	StateAlone     = "alone"
	StateInOrder   = "in-order"
	StateUnlinked  = "unlinked"
	StateGrown     = "grown"
	StateUnchanged = "unchanged"
	StateUnknown   = "unknown"
	StateHashed    = "hashed"
	StateTimely    = "timely"
	StateAnonymous = "anonymous"
	StateMarked    = "marked"
	StateComplete  = "complete"
	StateJoined    = "joined"
	StateApart     = "apart"
	StateNewest    = "newest"
	StateMasked    = "masked"
	StateUntouched = "untouched"
)

// States returns the states. Gone and not-stored are two words because they
// are two promises: that what was there is removed, and that nothing new is
// stored. A pixel may keep the second while it breaks the first.
func States() []Word {
	return []Word{
		{Name: StatePresent, Parameter: true, Cookie: true, Profile: true, Attribute: true, Request: true, Session: true,
			Meaning: "every judged request of the step carries it, not empty; the jar holds the cookie; the backend has the profile; the profile has the attribute; the session has it; the pixel sent something"},
		{Name: StateAbsent, Parameter: true, Cookie: true, Profile: true, Request: true, Session: true, Kept: true,
			Meaning: "no judged request of the step carries it, and its earlier value stands nowhere in any request; the jar does not hold the cookie, nor any store a value that it had; the backend has no such profile; the session has none; the pixel sent nothing at all; nothing that the collector keeps holds it"},
		{Name: StateSet, Parameter: true, Cookie: true,
			Meaning: "present, with exactly the value that the pixel names under `set`"},
		{Name: StateResumed, Parameter: true,
			Meaning: "present again, after it was present in an earlier step and absent in one between"},
		{Name: StateUntraced, Parameter: true, Identity: true,
			Meaning: "no value that it had in an earlier step, or that the site gave, stands in anything that left the browser, neither plain nor encoded nor hashed; a step without a request of the pixel passes, too"},
		{Name: StateGiven, Parameter: true, Attribute: true, Session: true,
			Meaning: "present in every judged request, in the profile or in the session, with exactly the value that the config gives"},
		{Name: StateAlone, Cookie: true,
			Meaning: "written in the step, and no other cookie was"},
		{Name: StateFresh, Parameter: true,
			Meaning: "present, with a value that it had in no earlier step of the visitor"},
		{Name: StateInOrder, Parameter: true,
			Meaning: "the values that the step's requests carry are those that the config queues, each once, in that order"},
		{Name: StateGone, Cookie: true,
			Meaning: "seen in an earlier step, and no longer in the jar, nor a value that it had in any store (judges removal)"},
		{Name: StateNotStored, Cookie: true,
			Meaning: "no live cookie was written while the visitor was anonymous, and the jar holds none but a leftover from before the choice, which `gone` judges (judges storing)"},
		{Name: StateUnlinked, Identifier: true,
			Meaning: "nothing that is kept in any store or sent in any request is common to the step and the step `with`, and missing from the step `unlike`"},
		{Name: StateGrown, Record: true, Meaning: "larger than at the end of the step before; by exactly what `by` says, where it says it"},
		{Name: StateUnchanged, Record: true, Profile: true, Meaning: "as at the end of the step before; a profile with its user IDs, events, attributes and customer ID"},
		{Name: StateUnknown, Option: true, Meaning: "the page sets an option that the pixel does not know, and that looks like this one"},
		{Name: StateHashed, Parameter: true,
			Meaning: "present where the step identifies, as the MD5 or SHA-256, in small hex digits, of the person's e-mail address or telephone number"},
		{Name: StateTimely, Parameter: true,
			Meaning: "present where the step identifies, in milliseconds since 1970, and within the step by the page's clock"},
		{Name: StateAnonymous, Profile: true, Meaning: "there, of no customer, and not marked as one"},
		{Name: StateMarked, Profile: true, Meaning: "there, and marked as a customer; a visitor's belongs to the step's person"},
		{Name: StateComplete, Profile: true,
			Meaning: "holds every event that was sent so far under its user IDs, each once, and no other"},
		{Name: StateJoined, Profile: true, Meaning: "holds the user IDs and the events of the step `with`, each event once"},
		{Name: StateApart, Profile: true, Meaning: "holds no user ID and no event of the step `with`, though the backend has both"},
		{Name: StateNewest, Attribute: true, Meaning: "has the value that the site gave last"},
		{Name: StateMasked, Session: true, Meaning: "there, with nothing but zeros where it would tell one visitor from another"},
		{Name: StateUntouched, Record: true, Meaning: "as at the end of the step before, whether or not the pixel sent anything in between; some other step shows it grown"},
	}
}

// The groups of requests that `among` narrows an expectation to.
const (
	AmongIdentifiable = "identifiable"
	AmongAnonymous    = "anonymous"
	AmongMadeEarlier  = "made-earlier"
	AmongMadeLater    = "made-later"
)

// Groups returns the words for `among`.
func Groups() []Word {
	return []Word{
		{Name: AmongIdentifiable, Parameter: true, Meaning: "requests that carry the visitor ID"},
		{Name: AmongAnonymous, Parameter: true, Meaning: "requests that do not carry the visitor ID"},
		{Name: AmongMadeLater, Parameter: true, Identity: true, Meaning: "requests that the pixel made after the visitor's latest choice, by its own account; without one, those that arrived after it"},
		{Name: AmongMadeEarlier, Parameter: true, Identity: true, Meaning: "requests that the pixel made before the visitor's latest choice, by its own account"},
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
	ActionOptOut   = "opt-out"
	ActionOptBack  = "opt-back"
	ActionOptIn    = "opt-in"
	ActionWithdraw = "withdraw"
	ActionAct      = "act"

	ActionSignUp      = "sign-up"
	ActionSignIn      = "sign-in"
	ActionIdentify    = "identify"
	ActionSignOut     = "sign-out"
	ActionChange      = "change"
	ActionChangeAgain = "change-again"

	ActionAgree         = "agree"
	ActionDisagree      = "disagree"
	ActionAgreeLater    = "agree-later"
	ActionDisagreeLater = "disagree-later"
	ActionDismiss       = "dismiss"
	ActionSwitchOn      = "switch-on"
	ActionSwitchOff     = "switch-off"
)

// Actions returns the actions.
func Actions() []Word {
	return []Word{
		{Name: ActionOptOut, Meaning: "the visitor opts out of identifiable tracking"},
		{Name: ActionOptBack, Meaning: "the visitor takes the opt-out back"},
		{Name: ActionOptIn, Meaning: "the visitor, anonymous by default, agrees to identifiable tracking"},
		{Name: ActionWithdraw, Meaning: "the visitor takes the agreement back"},
		{Name: ActionAct, Meaning: "the visitor does something that the site reports to its pixel"},
		{Name: ActionSignUp, Meaning: "the person opens an account, and the site tells the pixel who he is"},
		{Name: ActionSignIn, Meaning: "the person signs in, and the site tells the pixel who he is"},
		{Name: ActionIdentify, Meaning: "the site, which knows the person, tells the pixel who he is"},
		{Name: ActionSignOut, Meaning: "the person signs out"},
		{Name: ActionChange, Meaning: "the person changes what the site knows of him, as the config's first `changes` say"},
		{Name: ActionChangeAgain, Meaning: "the person changes it again, as the second `changes` say"},
		{Name: ActionAgree, Meaning: "the visitor agrees in the consent window as it stands open"},
		{Name: ActionDisagree, Meaning: "the visitor disagrees in the consent window as it stands open"},
		{Name: ActionAgreeLater, Meaning: "the visitor opens the consent window again, and agrees"},
		{Name: ActionDisagreeLater, Meaning: "the visitor opens the consent window again, and disagrees"},
		{Name: ActionDismiss, Meaning: "the visitor closes the consent window without an answer, which is no choice"},
		{Name: ActionSwitchOn, Meaning: "the site's administrator turns anonymous data tracking on, on the collector's pages"},
		{Name: ActionSwitchOff, Meaning: "the site's administrator turns anonymous data tracking off, on the collector's pages"},
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
func identityWord(w Word) bool  { return w.Identity }
func profileWord(w Word) bool   { return w.Profile }
func attributeWord(w Word) bool { return w.Attribute }
func customerWord(w Word) bool  { return w.Identity && w.Name != RoleVisitorID }

// only returns the words for which keep is true.
func only(words []Word, keep func(Word) bool) []Word {
	return slices.DeleteFunc(slices.Clone(words), func(w Word) bool { return !keep(w) })
}
