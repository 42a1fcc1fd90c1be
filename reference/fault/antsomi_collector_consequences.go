package fault

// antsomiConsequences lists, by fault of the collector, the clauses that break with
// its main one, as consequences does. Playing the scenarios without a browser proves
// each list.
var antsomiConsequences = map[string][]string{
	"begins-the-profile-at-the-sign-in": {"antsomi.cid-immutable", "antsomi.identify-repeats", "antsomi.merges-anonymous", "antsomi.profile-holds-behaviour", "antsomi.three-visits-one-profile"},
	"counts-twice-what-is-merged":       {"antsomi.three-visits-one-profile"},
	"cuts-the-customer-id":              {"antsomi.cid-at-signin", "antsomi.cid-at-signup", "antsomi.cid-hashed", "antsomi.cid-immutable", "antsomi.cid-when-known", "antsomi.history-attached", "antsomi.identify-repeats", "antsomi.identify-time", "antsomi.marked-customer", "antsomi.merges-anonymous", "antsomi.reset-on-logout", "antsomi.strangers-not-merged", "antsomi.three-visits-one-profile"},
	"drops-custom-events":               {"antsomi.history-attached", "antsomi.merges-anonymous", "antsomi.reset-on-logout"},
	"forgets-the-items":                 {"antsomi.history-attached", "antsomi.merges-anonymous", "antsomi.reset-on-logout"},
	"goes-on-after-the-logout":          {"antsomi.anonymous-profile", "antsomi.cid-immutable", "antsomi.customer-profile-created", "antsomi.marked-customer", "antsomi.merges-anonymous", "antsomi.strangers-not-merged"},
	"identifies-anew-each-day":          {"antsomi.cid-immutable", "antsomi.customer-attributes", "antsomi.history-attached", "antsomi.marked-customer", "antsomi.merges-anonymous"},
	"ignores-the-identify":              {"antsomi.customer-attributes", "antsomi.history-attached", "antsomi.identify-repeats", "antsomi.identify-time", "antsomi.marked-customer", "antsomi.merges-anonymous", "antsomi.strangers-not-merged"},
	"ignores-the-sign-in":               {"antsomi.cid-hashed", "antsomi.cid-immutable", "antsomi.customer-attributes", "antsomi.customer-profile-created", "antsomi.history-attached", "antsomi.identify-time", "antsomi.marked-customer", "antsomi.merges-anonymous", "antsomi.reset-on-logout", "antsomi.strangers-not-merged"},
	"ignores-the-sign-up":               {"antsomi.cid-immutable", "antsomi.customer-profile-created", "antsomi.marked-customer", "antsomi.merges-anonymous", "antsomi.strangers-not-merged", "antsomi.three-visits-one-profile"},
	"joins-by-address":                  {"antsomi.anonymous-profile", "antsomi.merges-anonymous"},
	"joins-nothing":                     {"antsomi.three-visits-one-profile"},
	"joins-only-what-follows":           {"antsomi.three-visits-one-profile"},
	"joins-the-first-visit-only":        {"antsomi.merges-anonymous"},
	"joins-whoever-is-anonymous":        {"antsomi.merges-anonymous"},
	"keeps-no-anonymous-profile":        {"antsomi.cid-hashed", "antsomi.cid-immutable", "antsomi.customer-profile-created", "antsomi.history-attached", "antsomi.identify-repeats", "antsomi.merges-anonymous", "antsomi.profile-holds-behaviour", "antsomi.reset-on-logout", "antsomi.revisit-new-uid", "antsomi.strangers-not-merged", "antsomi.three-visits-one-profile"},
	"keeps-the-first-value":             {"antsomi.identify-time"},
	"loses-an-event-at-the-merge":       {"antsomi.three-visits-one-profile"},
	"marks-nobody":                      {"antsomi.cid-immutable", "antsomi.identify-repeats", "antsomi.identify-time", "antsomi.strangers-not-merged"},
	"merges-by-email-domain":            {"antsomi.cid-at-signup", "antsomi.cid-immutable", "antsomi.customer-profile-created", "antsomi.marked-customer", "antsomi.merges-anonymous"},
	"merges-by-name":                    {"antsomi.customer-profile-created", "antsomi.marked-customer", "antsomi.merges-anonymous"},
	"merges-by-phone-number":            {"antsomi.customer-profile-created", "antsomi.merges-anonymous"},
}
