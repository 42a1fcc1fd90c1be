package browser

import (
	"crypto/rand"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"
)

//go:embed hook.js
var hookSource string

// hook is the script that runs in every document and worker before its own. Its
// names are made up anew for each browser, so that no page can know them.
type hook struct {
	name    string // the global under which the harness reaches it
	binding string // the function by which it reports to the harness
}

func newHook() hook {
	id := strings.ToLower(rand.Text()[:12])
	return hook{name: "_" + id, binding: "$" + id}
}

// source is the script for documents whose clock is ahead by offset.
func (h hook) source(offset time.Duration) string {
	return "{const NAME=" + strconv.Quote(h.name) + ",BINDING=" + strconv.Quote(h.binding) +
		",OFFSET=" + strconv.FormatInt(offset.Milliseconds(), 10) + ";\n" + hookSource + "}"
}

// run is the expression that makes a frame or worker do the work that it defers
// until some time on the page's clock, and say what it keeps in the stores of these
// kinds.
func (h hook) run(until time.Time, kinds []string) string {
	return fmt.Sprintf("globalThis[%q]?.run(%d, %s)", h.name, until.UnixMilli(), list(kinds))
}

// settle is the expression that ends a step in the page, in the same way. Without a
// path it asks for no fence.
func (h hook) settle(path string, until time.Time, kinds []string) string {
	return fmt.Sprintf("globalThis[%q].settle(%q, %d, %s)", h.name, path, until.UnixMilli(), list(kinds))
}

// forward is the expression that does the same without awaiting anything of the
// page's, and looks into no store.
func (h hook) forward(until time.Time) string {
	return fmt.Sprintf("globalThis[%q]?.forward(%d)", h.name, until.UnixMilli())
}

// travel is the expression that brings a context's clock to be ahead of the real one
// by offset, and runs what is due by then; repeating timers that have run often enough
// in their step run on only when anew. set brings the clock there and runs
// nothing: it is for frozen pages.
func (h hook) travel(offset time.Duration, anew bool) string {
	return fmt.Sprintf("globalThis[%q]?.travel(%d, %t)", h.name, offset.Milliseconds(), anew)
}

func (h hook) set(offset time.Duration) string {
	return fmt.Sprintf("globalThis[%q]?.set(%d)", h.name, offset.Milliseconds())
}

// clock is the name of a binding that tells a page that comes out of the
// back/forward cache by how much its clock is ahead.
func (h hook) clock(offset time.Duration) string {
	return h.binding + "_" + strconv.FormatInt(offset.Milliseconds(), 10)
}

// look is the expression by which a frozen page says what it can.
func (h hook) look() string { return fmt.Sprintf("globalThis[%q].look()", h.name) }

// seen is the expression that awaits that the document is "hidden" or "visible",
// heard one that awaits an event on the "document" or the "window".
func (h hook) seen(state string) string {
	return fmt.Sprintf("globalThis[%q]?.seen(%q)", h.name, state)
}

func (h hook) heard(on, event string) string {
	return fmt.Sprintf("globalThis[%q]?.heard(%q, %q)", h.name, on, event)
}

// sent is the expression that tells whether a document has itself asked for the URL.
func (h hook) sent(url string) string {
	return fmt.Sprintf("globalThis[%q]?.sent(%q)", h.name, url)
}

// aim is the expression, a function of an element and of what lies at its middle, that
// keeps the next click from all others; missed is one that ends this, and tells
// whether the click would have hit another.
func (h hook) aim() string {
	return fmt.Sprintf("(element, hit) => globalThis[%q]?.aim(element, hit)", h.name)
}

func (h hook) missed() string { return fmt.Sprintf("globalThis[%q]?.missed()", h.name) }

// wipe is the expression that empties a web storage.
func (h hook) wipe(store string) string {
	return fmt.Sprintf("globalThis[%q]?.wipe(%q)", h.name, store)
}

// list is a list of plain words in JavaScript.
func list(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// leave is the expression that prepares the page's end.
func (h hook) leave() string { return fmt.Sprintf("globalThis[%q]?.leave()", h.name) }
