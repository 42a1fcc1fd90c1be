// Package evidence holds what was seen of one visitor on one journey, as plain
// values: what left the browser, what the browser kept, what was written into
// its cookie jar, and what it said on its console. Evidence is judged later,
// by others, without a browser; its file form is in file.go.
package evidence

import (
	"slices"
	"strings"
	"time"
)

// Schema names the form of an evidence file. It changes when a reader of the
// older form could misread the newer.
const Schema = "pixelwitness/evidence/1"

// Evidence is everything that was recorded of one journey.
type Evidence struct {
	Header
	Steps     []Step
	Requests  []Request
	Writes    []CookieWrite
	Snapshots []Snapshot
	Messages  []Message
	// Faults lists what broke in the harness during the journey. Evidence with
	// a fault is kept, and judged as a harness error.
	Faults []string
}

// Header says what was run, where, and with what.
type Header struct {
	Schema string `json:"schema"`
	// Tool is the recording program and its version.
	Tool string `json:"tool"`
	// Scenario and Pixel name what was run; the digests are SHA-256 of the
	// files, in hex, so that a later judge can tell that they have changed.
	Scenario       string `json:"scenario"`
	ScenarioDigest string `json:"scenarioDigest"`
	Pixel          string `json:"pixel"`
	PixelDigest    string `json:"pixelDigest"`
	// Script says where the tracker's code came from, with its SHA-256 in hex.
	Script       string `json:"script"`
	ScriptSHA256 string `json:"scriptSHA256,omitempty"`
	// Visitor is the visitor's ID within the run.
	Visitor string  `json:"visitor"`
	Browser Browser `json:"browser"`
	// Began is the wall-clock time of the journey's first step (UTC).
	Began time.Time `json:"began"`
	// Attempt is 1, or more when the browser was lost and the visitor run again.
	Attempt int `json:"attempt"`
	// Salt is what the scenario's customers were made anew with, where the
	// collector outlives the journey; empty when they are those of the file.
	Salt string `json:"salt,omitempty"`
	// Readings says how the document was read where its wording can be understood in
	// more than one way.
	Readings map[string]string `json:"readings,omitempty"`
	// Collector is the collector, where it runs elsewhere; nil for the run's own.
	Collector *Collector `json:"collector,omitempty"`
	// Redacted tells that personal values were replaced before writing.
	Redacted bool `json:"redacted,omitempty"`
}

// Browser is the browser of a journey, as it described itself.
type Browser struct {
	// Product is such as "Chrome/156.0.8078.79".
	Product string `json:"product"`
	// Kind is "shell" (chromium-headless-shell), "full", or [KindNone].
	Kind string `json:"kind"`
	// UserAgent is the user agent that pages and servers saw.
	UserAgent string `json:"userAgent"`
	// ThirdPartyCookies is "allowed" or "blocked"; empty when not probed.
	ThirdPartyCookies string `json:"thirdPartyCookies,omitempty"`
	// Webdriver is navigator.webdriver as a page saw it.
	Webdriver bool `json:"webdriver"`
	// Channels lists the channels that the preflight proved to be witnessed.
	Channels []string `json:"channels,omitempty"`
}

// Step is one step of the journey, as it went.
type Step struct {
	// Name is the scenario's name for the step.
	Name string `json:"name"`
	// Action says what was done, such as "open home" or "do opt-out"; empty for a
	// step in which only the conditions changed.
	Action string `json:"action"`
	// Conditions lists what held beside it, such as "collector slow" or "day 3",
	// in the scenario's words.
	Conditions []string `json:"conditions,omitempty"`
	// Device tells whose step it is, where a second person has a browser of his
	// own: "second"; empty for the first. Tab likewise: "second-tab".
	Device string `json:"device,omitempty"`
	Tab    string `json:"tab,omitempty"`
	// Person tells whom the site knows on the page: "second"; empty for the first.
	Person string `json:"person,omitempty"`
	// From names the origin from which the step's requests came, and Address is the
	// address that they had; both are empty where the scenario says none.
	From    string `json:"from,omitempty"`
	Address string `json:"address,omitempty"`
	// Clock is the page's clock (UTC) when the step's act began: the real one,
	// moved by the days of the journey and by page time that was run forward. A
	// pixel's own times compare to it.
	Clock time.Time `json:"clock,omitzero"`
	// Restored tells that the page came out of the back/forward cache.
	Restored bool `json:"restored,omitempty"`
	// Page is the URL of the page at the step's end.
	Page string `json:"page,omitempty"`
	// Began and Ended are times since the journey began.
	Began time.Duration `json:"began"`
	Ended time.Duration `json:"ended"`
	// Acting and Acted bound the act itself, since the journey began: before it the
	// step has moved days, tabs and the world, and after it the page comes to rest.
	Acting time.Duration `json:"acting,omitempty"`
	Acted  time.Duration `json:"acted,omitempty"`
	// Awaited tells whether a request of the pixel was waited for, and Seen
	// whether it came in time.
	Awaited bool `json:"awaited,omitempty"`
	Seen    bool `json:"seen,omitempty"`
	// Fenced tells that the page asked for the step's fence and the gateway
	// had drained: only then does an absence in this step mean anything.
	Fenced bool `json:"fenced"`
	// RunForward is how far page time was run forward at the step's end.
	RunForward time.Duration `json:"runForward,omitempty"`
	// Screenshot is the picture's file name beside the evidence file.
	Screenshot string `json:"screenshot,omitempty"`
	// Problem says what went wrong with the step itself, such as an element
	// that was not there to be clicked.
	Problem string `json:"problem,omitempty"`
}

// Request is one request as the recording gateway received it.
type Request struct {
	// Seq numbers the visitor's requests in order of arrival, from 1.
	Seq int `json:"seq"`
	// Step names the step during which the request arrived.
	Step string `json:"step"`
	// Arrived is the time of arrival since the journey began.
	Arrived time.Duration `json:"arrived"`
	// Protocol is "h2", "http/1.1", "websocket", or "tunnel" for a connection
	// that carried no HTTP, whose bytes are the body.
	Protocol string `json:"protocol"`
	Method   string `json:"method"`
	// URL is absolute, as sent.
	URL string `json:"url"`
	// Header lists the header fields as sent, names in lower case, sorted by name.
	Header []Field `json:"header"`
	// Body is the whole body, as sent.
	Body Bytes `json:"body,omitempty"`
	// Frames lists the messages that a WebSocket carried, in order.
	Frames []Frame `json:"frames,omitempty"`
	// Incomplete says why the body is not whole, such as a broken connection.
	Incomplete string `json:"incomplete,omitempty"`
	// Purpose says what the stage took the request for: "page", "script",
	// "collector", "sink", "site", "favicon"; "console" for the collector's own pages,
	// "settings" for what a site's owner has set there; "unreachable" for a connection that
	// did not come about, of which only the host's name left the browser. The fences of the harness itself are not
	// recorded.
	Purpose string `json:"purpose"`
	// Status is the HTTP status that was answered; 0 when none was.
	Status int `json:"status"`
	// Refused is the collector's reason for refusing the hit, if it did.
	Refused string `json:"refused,omitempty"`
}

// Field is one header field.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// HeaderValue returns the values of the header field, joined by ", ".
// The name is in lower case.
func (r *Request) HeaderValue(name string) string {
	joined := ""
	for _, f := range r.Header {
		if f.Name == name {
			if joined != "" {
				joined += ", "
			}
			joined += f.Value
		}
	}
	return joined
}

// Frame is one WebSocket message.
type Frame struct {
	// Step names the step during which the message arrived, which may be later
	// than the step of the request that opened the connection.
	Step string `json:"step"`
	// Arrived is the time of arrival since the journey began.
	Arrived time.Duration `json:"arrived"`
	// FromPage is true for what the page sent, false for what it received.
	FromPage bool `json:"fromPage"`
	// Text is true for a text message, false for a binary one.
	Text    bool  `json:"text"`
	Payload Bytes `json:"payload"`
}

// CookieWrite is one attempt to write or delete a cookie, as it was asked for,
// before the browser capped or refused it.
type CookieWrite struct {
	// Step names the step during which it happened.
	Step string `json:"step"`
	// At is the time since the journey began.
	At time.Duration `json:"at"`
	// By is "document.cookie", "cookieStore" or "set-cookie" (a response header).
	By string `json:"by"`
	// Frame is the URL of the document or worker, or of the response.
	Frame string `json:"frame"`
	Name  string `json:"name"`
	Value string `json:"value"`
	// Raw is the text as written, where there was one.
	Raw string `json:"raw,omitempty"`
	// Session is true when neither lifetime nor expiry was asked for.
	Session bool `json:"session,omitempty"`
	// Lifetime is the requested lifetime from the moment of writing; zero or
	// less deletes. It means nothing when Session is true.
	Lifetime time.Duration `json:"lifetime,omitempty"`
	Domain   string        `json:"domain,omitempty"`
	Path     string        `json:"path,omitempty"`
	Secure   bool          `json:"secure,omitempty"`
	HTTPOnly bool          `json:"httpOnly,omitempty"`
	SameSite string        `json:"sameSite,omitempty"`
}

// Deletes tells whether the write asks for the cookie's removal.
func (w *CookieWrite) Deletes() bool { return !w.Session && w.Lifetime <= 0 }

// Snapshot is what the browser kept at the end of a step.
type Snapshot struct {
	// Step names the step; it is empty for what a collector elsewhere kept before the
	// journey began, of which Kept alone is known.
	Step    string   `json:"step"`
	Cookies []Cookie `json:"cookies"`
	// Storage lists what the other stores held.
	Storage []Item `json:"storage"`
	// Records holds what the collector had recorded, by the scenario's word for
	// it, such as "returning-visitors".
	Records map[string]string `json:"records,omitempty"`
	// Profiles holds the collector's profiles, in the order in which they were
	// asked for, where the scenario asks for any.
	Profiles []Profile `json:"profiles,omitempty"`
	// ProfilesRead is when the collector was asked for the first of them, since the
	// journey began: what arrived later need not be in them.
	ProfilesRead time.Duration `json:"profilesRead,omitempty"`
	// Session is the newest session that the collector showed; nil when it was not
	// asked.
	Session *Session `json:"session,omitempty"`
	// Kept is everything that the collector kept, and what it gave back; nil when it
	// was not looked at.
	Kept []Kept `json:"kept,omitempty"`
}

// Cookie is one cookie of the jar with all its attributes.
type Cookie struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Domain string `json:"domain"`
	Path   string `json:"path"`
	// Expires is the expiry as the browser keeps it; the zero time for a
	// session cookie. Chrome keeps none longer than 400 days.
	Expires  time.Time `json:"expires,omitzero"`
	HTTPOnly bool      `json:"httpOnly,omitempty"`
	Secure   bool      `json:"secure,omitempty"`
	SameSite string    `json:"sameSite,omitempty"`
	// Partition is the top-level site of a partitioned cookie.
	Partition string `json:"partition,omitempty"`
}

// Item is one entry of a store other than the cookie jar.
type Item struct {
	// Store is "localStorage", "sessionStorage", "indexedDB", "cache",
	// "serviceWorker", "fileSystem" (the origin's private one), "windowName" (the
	// name of an open tab, which it keeps from site to site) or "historyState" (what
	// the page of an open tab keeps with its entry in the tab's history). The last
	// two are only there where they hold something.
	Store  string `json:"store"`
	Origin string `json:"origin"`
	// Name is the key; for IndexedDB "database/store/key", for the Cache
	// "cache/URL", for a service worker its scope, for a file its path, for a
	// history's state the page's URL, for a tab's name "window.name".
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Message is something that the page said: a console call or an uncaught error.
type Message struct {
	Step string        `json:"step"`
	At   time.Duration `json:"at"`
	// Level is "log", "debug", "info", "warning", "error" or "exception".
	Level string `json:"level"`
	Text  string `json:"text"`
	// Source is the script's place, "URL:line:column", where known.
	Source string `json:"source,omitempty"`
}

// Step returns the named step, or nil.
func (e *Evidence) Step(name string) *Step {
	for i := range e.Steps {
		if e.Steps[i].Name == name {
			return &e.Steps[i]
		}
	}
	return nil
}

// StepIndex returns the named step's position, or -1.
func (e *Evidence) StepIndex(name string) int {
	return slices.IndexFunc(e.Steps, func(s Step) bool { return s.Name == name })
}

// During returns what was sent during the named step, in order: the requests
// that arrived in it, and, of a WebSocket that was opened earlier, the messages
// that came in it, as a request without query and header. A request is returned
// with the messages of the step alone.
func (e *Evidence) During(step string) []*Request {
	var found []*Request
	for i := range e.Requests {
		if r := e.Requests[i].during(step); r != nil {
			found = append(found, r)
		}
	}
	return found
}

// during is the part of the request that was sent in the step; nil when none was.
func (r *Request) during(step string) *Request {
	if len(r.Frames) == 0 {
		if r.Step != step {
			return nil
		}
		return r
	}
	part := *r
	part.Frames = nil
	for _, f := range r.Frames {
		if f.Step == step {
			part.Frames = append(part.Frames, f)
		}
	}
	if r.Step == step {
		return &part
	}
	if len(part.Frames) == 0 {
		return nil
	}
	part.Step, part.Arrived = step, part.Frames[0].Arrived
	part.URL, _, _ = strings.Cut(part.URL, "?")
	part.Header = nil
	return &part
}

// Snapshot returns what the browser kept at the end of the named step, or nil.
func (e *Evidence) Snapshot(step string) *Snapshot {
	for i := range e.Snapshots {
		if e.Snapshots[i].Step == step {
			return &e.Snapshots[i]
		}
	}
	return nil
}

// Named returns the snapshot's cookies of that name; a jar may hold several,
// for other domains, paths or partitions.
func (s *Snapshot) Named(name string) []Cookie {
	var found []Cookie
	for _, c := range s.Cookies {
		if c.Name == name {
			found = append(found, c)
		}
	}
	return found
}
