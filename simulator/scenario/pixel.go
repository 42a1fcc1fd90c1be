package scenario

import (
	"html/template"
	"io/fs"
)

// Pixel describes a vendor's pixel: what it calls things, what it can do, and
// the page that it is tried on.
type Pixel struct {
	// Name is the folder's name, such as "mapp".
	Name string `yaml:"name" json:"name"`
	// Title is what a reader calls the pixel.
	Title string `yaml:"title" json:"title"`
	// Document is the short name of the document that it is held to.
	Document string `yaml:"document" json:"document"`
	// Features lists what the pixel supports; a scenario that requires more is
	// unsupported.
	Features []string `yaml:"features" json:"features"`
	// Deviations lists what the pixel is known and declared to do otherwise.
	Deviations []Deviation `yaml:"deviations,omitempty" json:"deviations,omitempty"`
	// Script says where the tracker's code comes from: "reference:NAME", a file in
	// the pixel's folder, or "given", by whoever runs it.
	Script string `yaml:"script" json:"script"`
	// Settings are handed to the page template as they are, such as a track ID.
	Settings map[string]string `yaml:"settings,omitempty" json:"settings,omitempty"`
	// Readings says how the pixel understands the document where its wording can be
	// read in more than one way; what it leaves out is as Readings has it first.
	Readings map[string]string `yaml:"readings,omitempty" json:"readings,omitempty"`
	// Stage names the hosts that the pixel is tried on.
	Stage Stage `yaml:"stage" json:"stage"`
	// Pages gives the path of each page that a scenario may open.
	Pages map[string]string `yaml:"pages" json:"pages"`
	// Console gives the path of each page of the collector's own that the site's
	// administrator may open, on the stage's console host.
	Console map[string]string `yaml:"console,omitempty" json:"console,omitempty"`
	// Actions gives what a visitor does on the page for each action of a scenario.
	Actions map[string]Action `yaml:"actions" json:"actions"`
	// Requests tells the pixel's requests from all others.
	Requests Requests `yaml:"requests" json:"requests"`
	// Parameters gives the pixel's own name of the parameter for each role.
	Parameters map[string]Name `yaml:"parameters" json:"parameters"`
	// Cookies gives the pixel's own name of the cookie for each role.
	Cookies map[string]Name `yaml:"cookies" json:"cookies"`
	// Options gives the pixel's own name of the option for each role, and
	// KnownOptions further names that stand beside them: a name on a page that is
	// neither, and looks like one of them, is a mistake.
	Options      map[string]string `yaml:"options,omitempty" json:"options,omitempty"`
	KnownOptions []string          `yaml:"known-options,omitempty" json:"known-options,omitempty"`
	// Records says where the collector tells what it has recorded.
	Records map[string]Record `yaml:"records,omitempty" json:"records,omitempty"`
	// Profile says how to read the collector's profiles; nil when nobody can.
	Profile *Profile `yaml:"profile,omitempty" json:"profile,omitempty"`

	// Sessions says how to read the collector's newest session; nil when nobody can.
	Sessions *Sessions `yaml:"sessions,omitempty" json:"sessions,omitempty"`
	// Kept says what else of what the collector gives back is searched; nil for nothing.
	Kept *KeptAnswers `yaml:"kept,omitempty" json:"kept,omitempty"`

	// Clock says how the collector's time follows a journey's, where it runs elsewhere;
	// nil when it goes by a clock of its own.
	Clock *Clock `yaml:"clock,omitempty" json:"clock,omitempty"`

	// Dir is the pixel's folder, Files its content, Digest the SHA-256 over
	// all of it in hex.
	Dir    string `yaml:"-" json:"-"`
	Files  fs.FS  `yaml:"-" json:"-"`
	Digest string `yaml:"-" json:"-"`
	// Where is the place of the name in pixel.yaml, "file:line".
	Where string `yaml:"-" json:"-"`

	// source holds the places in pixel.yaml; nil when the pixel was not loaded.
	source *source
	// page is the parsed page template; nil when the pixel was not loaded.
	page *template.Template
}

// Deviation is a declared breach of a clause.
type Deviation struct {
	// Clause is the clause's ID.
	Clause string `yaml:"clause" json:"clause"`
	// Scenario narrows the declaration to one scenario.
	Scenario string `yaml:"scenario,omitempty" json:"scenario,omitempty"`
	// Reason says why; it stands in every report.
	Reason string `yaml:"reason" json:"reason"`
}

// Stage names the hosts of the pixel's stage, all under .test.
type Stage struct {
	// Site is the host of the visited site, such as "www.shop.test".
	Site string `yaml:"site" json:"site"`
	// Collector is the host that takes the pixel's requests.
	Collector string `yaml:"collector" json:"collector"`
	// Scripts is the host that serves the tracker's code.
	Scripts string `yaml:"scripts" json:"scripts"`
	// Path is the path of the tracker's code on the Scripts host, such as "/js/smart-pixel.min.js".
	Path string `yaml:"path" json:"path"`
	// Console is the host of the collector's own pages, for the site's administrator.
	Console string `yaml:"console,omitempty" json:"console,omitempty"`
	// Settings is a path, such as "/consent/", below which the Scripts host answers as
	// the collector does: with what a site's owner has set.
	Settings string `yaml:"settings,omitempty" json:"settings,omitempty"`
}

// Action is what a visitor does on a page. In its CSS selectors {NAME} stands for
// the setting of that name, as for the plan's site.
type Action struct {
	// Click is a CSS selector; the first visible element that matches is clicked.
	Click string `yaml:"click" json:"click"`
	// Then lists what is clicked after it, one after the other. Each is awaited until
	// it is there to be clicked, for a page may load in between.
	Then []string `yaml:"then,omitempty" json:"then,omitempty"`
	// Until is a CSS selector of what must be in sight at the end, such as the note
	// that a form was saved; it is awaited, and not clicked.
	Until string `yaml:"until,omitempty" json:"until,omitempty"`
}

// Requests tells the pixel's requests from all others: a request is the
// pixel's when it goes to the stage's collector host, or matches Path on any
// host, and its path is not one of the stage's own files.
type Requests struct {
	// Path is a regular expression that a hit's URL path matches.
	Path string `yaml:"path" json:"path"`
	// Batch names, joined by dots, the list in a JSON body each of whose elements is
	// a hit. What stands beside the list is shared by all of them.
	Batch string `yaml:"batch,omitempty" json:"batch,omitempty"`
	// Made says where a hit tells when it was made.
	Made *Made `yaml:"made,omitempty" json:"made,omitempty"`
}

// Made is where a hit tells when it was made, by the page's clock.
type Made struct {
	// Parameter is the pixel's own name of the parameter.
	Parameter string `yaml:"parameter" json:"parameter"`
	// Separator and Field take the value apart: the time is the field of that
	// number, from 1. Without them the whole value is the time.
	Separator string `yaml:"separator,omitempty" json:"separator,omitempty"`
	Field     int    `yaml:"field,omitempty" json:"field,omitempty"`
	// Unit is "ms" or "s" since 1970.
	Unit string `yaml:"unit" json:"unit"`
}

// Record is where the collector tells one thing that it has recorded: the path
// of a JSON document on the collector's host, and the names, joined by dots,
// that lead to a number in it.
type Record struct {
	Path  string `yaml:"path" json:"path"`
	Value string `yaml:"value" json:"value"`
}

// Name is what a pixel calls a role. In YAML it is a plain string, or a map
// {name: nc, set: "1"}.
type Name struct {
	Name string `yaml:"name" json:"name"`
	// Set is the value that means "set", where the role is a flag.
	Set string `yaml:"set,omitempty" json:"set,omitempty"`
	// Setting names the scenario setting that renames it, where there is one:
	// "anonymity.cookie".
	Setting string `yaml:"setting,omitempty" json:"setting,omitempty"`
}

// Plan is a scenario bound to a pixel: everything a journey and a judge need.
type Plan struct {
	Scenario *Scenario
	Pixel    *Pixel
	// Clauses holds the clauses that the scenario's expectations name.
	Clauses map[string]*Clause
	// Unsupported lists the required features that the pixel lacks, sorted; a
	// plan that lacks any is not run.
	Unsupported []string
	// Only restricts judging to these clauses; nil means all.
	Only map[string]bool
	// Salt is what the plan's customers were made anew with; see Salted.
	Salt string
}
