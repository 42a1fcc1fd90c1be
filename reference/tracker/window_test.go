package tracker_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"modernc.org/quickjs"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

//go:embed testdata/window.js
var windowSource string

// window is a page's window without a browser: enough for the tracker to run.
type window struct {
	t      *testing.T
	vm     *quickjs.VM
	script string
}

// request is what left the window. Body is empty for an image.
type request struct {
	By, URL, Body string
	Options       struct {
		Method, Mode, Credentials string
		Keepalive                 bool
		Headers                   map[string]string
	}
}

type message struct{ Level, Text string }

// open returns a window with the tracker for Mapp ready to be loaded.
func open(t *testing.T, options tracker.Options) *window { return openFor(t, "mapp", options) }

// openFor returns a window with a vendor's tracker ready to be loaded.
func openFor(t *testing.T, vendor string, options tracker.Options) *window {
	t.Helper()
	script, err := tracker.Bundle(vendor, options)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := quickjs.NewVM()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := vm.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &window{t: t, vm: vm, script: string(script.Source)}
	w.run(windowSource)
	return w
}

// run evaluates a script in the window.
func (w *window) run(source string) any {
	w.t.Helper()
	result, err := w.vm.Eval(source, quickjs.EvalGlobal)
	if err != nil {
		w.t.Fatalf("%v in\n%s", err, source)
	}
	w.settlePromises()
	return result
}

// settlePromises runs what waits for a promise.
func (w *window) settlePromises() {
	w.t.Helper()
	if _, err := w.vm.ExecutePendingJobs(); err != nil {
		w.t.Fatal(err)
	}
}

// pass lets time go by on the page.
func (w *window) pass(d time.Duration) {
	w.t.Helper()
	end := read[float64](w, "world.now") + float64(d.Milliseconds())
	for w.run(fmt.Sprintf("advance(%.0f)", end)) != true {
	}
}

// visit opens a page whose own script is given; then the tracker loads.
func (w *window) visit(address, page string) {
	w.t.Helper()
	if _, err := w.vm.Call("visit", address, page, w.script); err != nil {
		w.t.Fatal(err)
	}
	w.settlePromises()
}

// read evaluates an expression and decodes its value.
func read[T any](w *window, expression string) T {
	w.t.Helper()
	var value T
	text, ok := w.run("JSON.stringify(" + expression + ")").(string)
	if !ok {
		w.t.Fatalf("%s is undefined", expression)
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		w.t.Fatal(err)
	}
	return value
}

func (w *window) requests() []request        { return read[[]request](w, "world.requests") }
func (w *window) cookies() map[string]string { return read[map[string]string](w, "cookies()") }
func (w *window) writes() []string           { return read[[]string](w, "world.writes") }

// said returns what stands on the console, one message a line.
func (w *window) said() string {
	var lines []string
	for _, m := range read[[]message](w, "world.console") {
		lines = append(lines, m.Level+": "+m.Text)
	}
	return strings.Join(lines, "\n")
}

// last returns the last request's parameters, wherever they stood.
func (w *window) last() url.Values {
	w.t.Helper()
	all := w.requests()
	if len(all) == 0 {
		w.t.Fatal("nothing was sent")
	}
	return all[len(all)-1].parameters(w.t)
}

// parameters returns the parameters of the request's first or only hit.
func (r request) parameters(t *testing.T) url.Values {
	t.Helper()
	return r.hits(t)[0]
}

// hits returns the parameters of each hit that the request carries.
func (r request) hits(t *testing.T) []url.Values {
	t.Helper()
	address, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	text := r.Body
	if r.By == "image" {
		text = address.RawQuery
	}
	var hits []url.Values
	for line := range strings.SplitSeq(text, "\n") {
		values, err := url.ParseQuery(line)
		if err != nil {
			t.Fatal(err)
		}
		hits = append(hits, values)
	}
	return hits
}

// page returns a page's script after the document's own example, with more
// lines of configuration and the calls that come last.
func page(identification, calls string) string {
	return `window.wtSmart = window.wtSmart || [];
window.wtSmart.push(function (wtSmart) {
  wtSmart.init.set({trackId: '111111111111111', trackDomain: 'collect.vendor.test'});
  wtSmart.advanced.add({userIdentification: {` + identification + `}});
  wtSmart.customer.data.add({id: 'user5684798169', category: {5: 'User cat 5', 7: 'User cat 7'}});
  ` + calls + `
});`
}
