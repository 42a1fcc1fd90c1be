// Package scenario holds the words of the product: clauses (what a vendor's
// document promises), scenarios (a visitor's journey and what it must show) and
// pixels (what a vendor calls things). It loads them strictly, with the place of
// every mistake, and binds a scenario and a pixel into a plan.
package scenario

import "time"

// Level says how firmly a document promises a clause.
type Level string

// The levels.
const (
	// Must: the document states it.
	Must Level = "must"
	// Derived: it follows from an example, a converse or an instruction.
	Derived Level = "derived"
	// Unclear: the document is silent or contradicts itself; the tool reports
	// what it saw and never fails on it.
	Unclear Level = "unclear"
)

// Catalogue is one clause file: the promises of one vendor document.
type Catalogue struct {
	// Document is the document's short name, such as "mapp"; it is the first
	// part of every clause ID and the scenarios' `document`.
	Document string `yaml:"document" json:"document"`
	// Title is the document's own title.
	Title string `yaml:"title" json:"title"`
	// Vendor names the vendor system.
	Vendor string `yaml:"vendor" json:"vendor"`
	// SHA256 is the hash of the document's text in hex, so that a reader can
	// tell which edition was read. Only the document "all", which has no text,
	// leaves it out.
	SHA256 string `yaml:"sha256,omitempty" json:"sha256,omitempty"`
	// Clauses lists the promises in the document's order.
	Clauses []Clause `yaml:"clauses" json:"clauses"`
	// File is the catalogue's path.
	File string `yaml:"-" json:"-"`
}

// Clause is one observable promise of a vendor's document.
type Clause struct {
	// ID is a dot-name such as "mapp.nc-sent"; never a number, no slash.
	ID string `yaml:"id" json:"id"`
	// Promise is the clause in the catalogue's own words.
	Promise string `yaml:"promise" json:"promise"`
	// Sections lists the document's sections, such as "3.1". Like Quote it is
	// left out only by the document "all".
	Sections []string `yaml:"sections,omitempty" json:"sections,omitempty"`
	// Quote is a short quote of the document that the clause rests on; white
	// space is folded when it is compared.
	Quote string `yaml:"quote,omitempty" json:"quote,omitempty"`
	// Level says how firmly the document promises it.
	Level Level `yaml:"level" json:"level"`
	// SeenAt lists where the promise can be observed: browser, request,
	// collector, profile, page.
	SeenAt []string `yaml:"seen-at" json:"seen-at"`
	// Where is the clause's place, "file:line".
	Where string `yaml:"-" json:"-"`
}

// Scenario is one visitor's journey and what it must show.
type Scenario struct {
	// ID is a dot-name such as "mapp.opt-out".
	ID string `yaml:"id" json:"id"`
	// Title states a fact, in at most 80 characters.
	Title string `yaml:"title" json:"title"`
	// Document is the short name of the document that it exercises.
	Document string `yaml:"document" json:"document"`
	// Requires lists the features that a pixel must declare.
	Requires []string `yaml:"requires,omitempty" json:"requires,omitempty"`
	// Reading chooses how the document's wording is understood, where it can be read
	// in more than one way: such a scenario is planned only for a pixel of that
	// reading. See Readings.
	Reading map[string]string `yaml:"reading,omitempty" json:"reading,omitempty"`
	// Config is how the site owner has set the pixel up.
	Config Config `yaml:"config,omitempty" json:"config,omitzero"`
	// Journey lists what the visitor does, in order; the first step opens a page.
	Journey []Step `yaml:"journey" json:"journey"`
	// Expect lists what the evidence must show.
	Expect []Expectation `yaml:"expect" json:"expect"`
	// File is the scenario's path, Digest the SHA-256 of its text in hex.
	File   string `yaml:"-" json:"-"`
	Digest string `yaml:"-" json:"-"`
	// Where is the place of the ID, "file:line".
	Where string `yaml:"-" json:"-"`
}

// Config is a site owner's set-up of a pixel, in the product's words; the
// pixel's page template turns it into the vendor's.
type Config struct {
	// Anonymity is the set-up of anonymous tracking.
	Anonymity *Anonymity `yaml:"anonymity,omitempty" json:"anonymity,omitempty"`
	// Suppress lists the roles of the parameters that are suppressed while
	// the visitor is anonymous. A list that is given and empty is said on the
	// page; one that is nil is left unsaid.
	Suppress []string `yaml:"suppress,omitempty" json:"suppress,omitempty"`
	// Customer gives what the site knows of the visitor, by role.
	Customer map[string]string `yaml:"customer,omitempty" json:"customer,omitempty"`
	// Shares lists the roles of the values that the second person has in common with
	// the first: two people of one name are two people. Never the e-mail address, the
	// customer's identifier or what it is made of.
	Shares []string `yaml:"shares,omitempty" json:"shares,omitempty"`
	// Identity says how the site makes its identifier of a customer who signs in.
	// Nil means the MD5 of the e-mail address.
	Identity *Identification `yaml:"identity,omitempty" json:"identity,omitempty"`
	// Changes gives what the customer changes later, by role: the first with the
	// action "change", the second with "change-again".
	Changes []map[string]string `yaml:"changes,omitempty" json:"changes,omitempty"`
	// Attributes gives what the site tells of the visitor under names of its own
	// with the action "act".
	Attributes map[string]string `yaml:"attributes,omitempty" json:"attributes,omitempty"`
	// Actions names what the site reports beside page views.
	Actions *Reported `yaml:"actions,omitempty" json:"actions,omitempty"`
	// Delivery asks the pixel to deliver its hits otherwise than one by one: see
	// Deliveries.
	Delivery string `yaml:"delivery,omitempty" json:"delivery,omitempty"`
	// Site is which of the pixel's sites it is, where its settings name several: see
	// Sites. Left out, it is the one that the settings name without a word.
	Site string `yaml:"site,omitempty" json:"site,omitempty"`
	// Origins names the places from which visitors come; a step says which with
	// From.
	Origins map[string]Origin `yaml:"origins,omitempty" json:"origins,omitempty"`
	// Literal puts options on the page under the vendor's own names, as they
	// stand, to try what a page gets that has one wrong. The values are "true",
	// "false" or whole numbers.
	Literal map[string]string `yaml:"literal,omitempty" json:"literal,omitempty"`
}

// Identification says how a site makes its identifier of a customer.
type Identification struct {
	// Of is the role that it is made of, "email" or "phone"; "email" when left out.
	Of string `yaml:"of,omitempty" json:"of,omitempty"`
	// By is how: "md5", "sha256" or "raw", which is the value itself; "md5" when
	// left out.
	By string `yaml:"by,omitempty" json:"by,omitempty"`
}

// Reported names the actions that a site reports to its pixel.
type Reported struct {
	// Queued lists those that the page reports before the pixel has loaded, in order.
	Queued []string `yaml:"queued,omitempty" json:"queued,omitempty"`
	// Clicked is what the action "act" reports; "act" when left out.
	Clicked string `yaml:"clicked,omitempty" json:"clicked,omitempty"`
}

// Anonymity is the set-up of anonymous tracking. What is nil is left unsaid on
// the page, so that the pixel's own default applies.
type Anonymity struct {
	// Enabled lets the visitor switch between modes.
	Enabled *bool `yaml:"enabled,omitempty" json:"enabled,omitempty"`
	// ByDefault makes visitors anonymous until they opt in.
	ByDefault *bool `yaml:"by-default,omitempty" json:"by-default,omitempty"`
	// Cookie renames the cookie that holds the visitor's choice.
	Cookie string `yaml:"cookie,omitempty" json:"cookie,omitempty"`
	// Minutes is how long the choice is to last; the pixel's default when left out.
	Minutes int `yaml:"minutes,omitempty" json:"minutes,omitempty"`
}

// Expectation is one thing that the evidence must show. Exactly one of
// Parameter, Cookie, Identity, Identifier, Record, Option, Profile, Attribute,
// Request, Session and Kept is set, and exactly one of Is and Lasts.
type Expectation struct {
	// At names the step at which it is judged.
	At string `yaml:"at" json:"at"`
	// Parameter is the role of a parameter of the pixel's requests.
	Parameter string `yaml:"parameter,omitempty" json:"parameter,omitempty"`
	// Cookie is the role of a cookie, or "any": whatever is kept in the browser but
	// the choice.
	Cookie string `yaml:"cookie,omitempty" json:"cookie,omitempty"`
	// Identity is "any", or the role of one thing that the visitor is known by.
	Identity string `yaml:"identity,omitempty" json:"identity,omitempty"`
	// Identifier is "any": what tells the visitor from others, whatever it is
	// called. With names the step that it is compared to, of the same visitor,
	// and Unlike the step of another person. Of a profile, With names the step
	// whose visitor IDs and events it holds, or does not hold.
	Identifier string `yaml:"identifier,omitempty" json:"identifier,omitempty"`
	With       string `yaml:"with,omitempty" json:"with,omitempty"`
	Unlike     string `yaml:"unlike,omitempty" json:"unlike,omitempty"`
	// Record is something that the collector keeps; see Records.
	Record string `yaml:"record,omitempty" json:"record,omitempty"`
	// Option is the role of an option of the pixel's set-up; see Options.
	Option string `yaml:"option,omitempty" json:"option,omitempty"`
	// Profile is a profile of the collector's; see Profiles.
	Profile string `yaml:"profile,omitempty" json:"profile,omitempty"`
	// Attribute is the role of something that a profile says of a customer, or one
	// of Attributes.
	Attribute string `yaml:"attribute,omitempty" json:"attribute,omitempty"`
	// Request is "any": whatever the pixel sends in the step.
	Request string `yaml:"request,omitempty" json:"request,omitempty"`
	// Session is what the collector's newest session says; see SessionValues.
	Session string `yaml:"session,omitempty" json:"session,omitempty"`
	// Kept is something of the step's visitor that may stand in what the collector
	// keeps, in its store or in its logs: a role, or "address"; see KeptValues.
	Kept string `yaml:"kept,omitempty" json:"kept,omitempty"`
	// By is how much a record has grown: exactly that many, or, of a time, that span
	// and the real time that the steps took.
	By Amount `yaml:"by,omitempty" json:"by,omitzero"`
	// Among narrows an expectation to some of the step's requests; see Groups.
	// When there is none of a parameter, the verdict is inconclusive.
	Among string `yaml:"among,omitempty" json:"among,omitempty"`
	// Is is the state that is expected; see States.
	Is string `yaml:"is,omitempty" json:"is,omitempty"`
	// Lasts is the lifetime that a cookie must have been written with.
	Lasts Lifetime `yaml:"lasts,omitempty" json:"lasts,omitzero"`
	// Clause is the ID of the clause that is judged.
	Clause string `yaml:"clause" json:"clause"`
	// Where is the expectation's place, "file:line".
	Where string `yaml:"-" json:"-"`
}

// Lifetime is a span such as "5y", "13mo", "180d", "30m": a number and one of
// y (365 days, or 366 in a leap year), mo, d, h, m, s. See [ParseLifetime].
type Lifetime struct {
	// Text is the span as written.
	Text string
	// Min and Max bound what counts as that span: calendars differ.
	Min, Max time.Duration
}
