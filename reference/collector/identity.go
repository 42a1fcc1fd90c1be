package collector

import (
	"cmp"
	"strings"
	"unicode"
)

// maxCID is the most bytes of a customer ID.
const maxCID = 256

// How many digits a telephone number has.
const (
	fewestDigits = 7
	mostDigits   = 15
)

// IdentityProblem is the collector's own rule of what an identification must be:
// a customer ID that says nothing of the customer himself, at a known time. It
// returns why it is not, or "". An event that identifies nobody has no problem.
func IdentityProblem(e Incoming) string {
	if e.Identify == nil {
		return ""
	}
	return cmp.Or(cidProblem(e), momentProblem(e))
}

func cidProblem(e Incoming) string {
	cid := e.Identify.CID
	bare := strings.TrimSpace(cid)
	switch {
	case bare == "":
		return "extra.identify_id is empty"
	case len(cid) > maxCID || strings.ContainsFunc(cid, unicode.IsControl):
		return "extra.identify_id must be at most 256 bytes without control characters"
	case strings.Contains(cid, "@"):
		return "extra.identify_id is an e-mail address; it must be hashed"
	case isTelephone(bare):
		return "extra.identify_id is a telephone number; it must be hashed"
	}
	for _, name := range []string{"email", "phone", "name"} {
		if given := strings.TrimSpace(e.CustomerAttributes[name]); given != "" && strings.EqualFold(given, bare) {
			return "extra.identify_id is the customer's " + name + "; it must be hashed"
		}
	}
	if e.Identify.CustomerID != "" && e.Identify.CustomerID != cid {
		return "extra.identify_id and dims.customers.customer_id differ"
	}
	return ""
}

func momentProblem(e Incoming) string {
	switch {
	case e.Identify.Time.IsZero():
		return "extra.identify_time must be milliseconds since 1970"
	case e.UID == "":
		return "parameter uid is missing: nobody is identified"
	}
	return ""
}

// isTelephone tells whether text looks like a telephone number.
func isTelephone(text string) bool {
	digits := 0
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0:
		case unicode.IsSpace(r) || strings.ContainsRune("-–./()", r):
		default:
			return false
		}
	}
	return digits >= fewestDigits && digits <= mostDigits
}
