package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// The sources of the tracker for Mapp that are patched.
const (
	facade    = "mapp.js"
	hit       = "mapp/hit.js"
	visitor   = "mapp/visitor.js"
	outbox    = "core/outbox.js"
	queue     = "core/queue.js"
	transport = "core/transport.js"
)

// Places in the sources that several faults change.
const (
	// anonymousHit is where an anonymous hit has got all its parameters, in
	// sent; told is what the page said, address where the hit goes.
	anonymousHit = `sent.push(["nc", "1"]);`
	// forgetting is where an anonymous hit removes the ever-id from the jar.
	forgetting = `visitor.forget();`
	// mayLeave says which hits may still be sent.
	mayLeave = `(hit) => hit.anonymous === visitor.isAnonymous()`
	// decides is where the mode follows from the choice.
	decides = `return this.options.anonymousOptIn ? !chosen : chosen;`
)

// mapp returns a fault of the tracker for Mapp with one patch.
func mapp(name, title string, clause string, file, find, replace string) Fault {
	return mappWith(name, title, clause, tracker.Patch{File: file, Find: find, Replace: replace})
}

// mappWith returns a fault of the tracker for Mapp with several patches.
func mappWith(name, title string, clause string, patches ...tracker.Patch) Fault {
	f := Fault{Name: name, Title: title, Part: Tracker, Vendor: "mapp", Patches: patches}
	if clause != "" {
		f.Clauses = []string{clause}
	}
	return f
}

// leak returns a fault that does something in each anonymous hit; the code may
// use told, sent and address.
func leak(name, title string, clause string, code string) Fault {
	return mapp(name, title, clause, hit, anonymousHit, anonymousHit+"\n    "+code)
}

// keeping returns a fault that does something with the ever-id, kept, that the
// first anonymous hit removes; the code may add to fields.
func keeping(name, title string, clause string, code string) Fault {
	return mapp(name, title, clause, hit, forgetting,
		"const kept = visitor.everId();\n    visitor.forget();\n    if (kept) {\n      "+code+"\n    }")
}
