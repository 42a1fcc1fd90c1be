package fault

// consequences lists, by fault, the clauses that break with its main one: who
// leaks while anonymous also breaks the promises that hold for every pixel. The
// matrix of "pixelwitness coverage" proves each list, and that nothing else breaks.
var consequences = map[string][]string{
	"another-default-name":               {"mapp.opt-out-lasts-five-years", "mapp.opt-out-sets-cookie"},
	"default-name-in-small-letters":      {"mapp.opt-out-lasts-five-years", "mapp.opt-out-sets-cookie"},
	"delete-does-nothing":                {"mapp.withdrawal-ends-identifying"},
	"identifies-from-the-second-page-on": {"mapp.consent-starts-identifying"},
	"ignores-opt-in-mode":                {"mapp.withdrawal-ends-identifying"},
	"ignores-the-duration":               {"mapp.opt-out-expires"},
	"joins-anonymous-visits-by-cookie":   {"all.no-hiding-place"},
	"keeps-eid-parameter":                {"all.canary", "all.opt-out-holds"},
	"never-identifies":                   {"mapp.consent-starts-identifying", "mapp.opt-back-in"},
	"respawns-after-the-opt-back":        {"all.no-hiding-place"},
	"sends-eid-by-web-socket":            {"all.canary", "all.opt-out-holds"},
	"sends-eid-from-a-frame":             {"all.canary", "all.opt-out-holds"},
	"sends-eid-from-a-worker":            {"all.canary", "all.opt-out-holds"},
	"sends-eid-hashed":                   {"all.opt-out-holds"},
	"sends-eid-in-a-header":              {"all.canary", "all.opt-out-holds"},
	"sends-eid-in-base64":                {"all.opt-out-holds"},
	"sends-eid-in-gzip":                  {"all.opt-out-holds"},
	"sends-eid-in-layers":                {"all.opt-out-holds"},
	"sends-eid-in-the-host-name":         {"all.canary", "all.opt-out-holds"},
	"sends-eid-in-the-path":              {"all.canary", "all.opt-out-holds"},
	"sends-eid-some-seconds-later":       {"all.canary", "all.opt-out-holds"},
	"sends-eid-when-the-page-is-left":    {"all.canary", "all.opt-out-holds"},
	"sends-the-email-hashed":             {"all.opt-out-holds"},
	"sends-the-name-in-utf-sixteen":      {"all.opt-out-holds"},
}
