package evidence

// KindNone is the kind of the browser in evidence that was made without one: what
// was sent is what the driver made of the tracker's part, and proves nothing of a
// tracker.
const KindNone = "none"

// Played tells that the evidence was made without a browser.
func (e *Evidence) Played() bool { return e.Browser.Kind == KindNone }
