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

// settle is the expression that ends a step in the page, in the same way.
func (h hook) settle(path string, until time.Time, kinds []string) string {
	return fmt.Sprintf("globalThis[%q].settle(%q, %d, %s)", h.name, path, until.UnixMilli(), list(kinds))
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
