package verdict

import "strings"

// Verdict is what was found of one expectation of one scenario.
type Verdict struct {
	// Scenario is the scenario's ID, such as "mapp.opt-out".
	Scenario string `json:"scenario"`
	// Step names the journey's step at which the expectation was judged.
	Step string `json:"step"`
	// Clause is the clause's ID, such as "mapp.nc-sent".
	Clause string `json:"clause"`
	// Level is the clause's level: must, derived or unclear.
	Level string `json:"level"`
	// Subject says what was looked at, in the pixel's own words, such as
	// "parameter eid (visitor-id)".
	Subject string `json:"subject"`
	// Outcome is the verdict itself.
	Outcome Outcome `json:"outcome"`
	// Expected says what the clause asks for, as one phrase.
	Expected string `json:"expected"`
	// Observed says what the evidence shows, as one phrase.
	Observed string `json:"observed"`
	// Reason says why an outcome is neither pass nor fail: the declared
	// deviation, the missing contrast, the harness error.
	Reason string `json:"reason,omitempty"`
	// Document says what the vendor's document promises.
	Document Source `json:"document"`
	// Request, Cookie, Storage and Profile show the evidence that decides, at most one of them.
	Request *Excerpt `json:"request,omitempty"`
	Cookie  *Excerpt `json:"cookie,omitempty"`
	Storage *Excerpt `json:"storage,omitempty"`
	Profile *Excerpt `json:"profile,omitempty"`
	// Where is the expectation's place, "file:line".
	Where string `json:"where"`
}

// Excerpt returns the evidence that decides and what it is of: "request", "cookie",
// "storage" or "profile"; nil when there is none to be shown.
func (v *Verdict) Excerpt() (of string, e *Excerpt) {
	switch {
	case v.Request != nil:
		return "request", v.Request
	case v.Cookie != nil:
		return "cookie", v.Cookie
	case v.Storage != nil:
		return "storage", v.Storage
	case v.Profile != nil:
		return "profile", v.Profile
	}
	return "", nil
}

// Source is the passage of a vendor's document that a clause rests on.
type Source struct {
	// Document is the document's short name, such as "mapp".
	Document string `json:"document"`
	// Sections lists the section numbers or headings, such as "3.1".
	Sections []string `json:"sections"`
	// Promise is the clause in the catalogue's own words.
	Promise string `json:"promise"`
	// Quote is the short quote that the clause rests on.
	Quote string `json:"quote,omitempty"`
}

// Excerpt is a piece of evidence, short enough to be read in a log.
type Excerpt struct {
	// Text is the piece itself, such as a request line with its headers, one
	// item a line.
	Text string `json:"text"`
	// Marks are the parts of Text that decide, as byte offsets, in order and
	// without overlap.
	Marks []Mark `json:"marks,omitempty"`
}

// Mark is a half-open range of bytes of an excerpt's text.
type Mark struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Marked returns the text with each mark between the two strings.
func (e *Excerpt) Marked(before, after string) string {
	var b strings.Builder
	at := 0
	for _, m := range e.Marks {
		if m.From < at || m.To < m.From || m.To > len(e.Text) {
			continue
		}
		b.WriteString(e.Text[at:m.From] + before + e.Text[m.From:m.To] + after)
		at = m.To
	}
	b.WriteString(e.Text[at:])
	return b.String()
}
