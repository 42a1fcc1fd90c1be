package population

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// visit is how long a user ID lives after the last event.
const visit = 30 * time.Minute

// idBytes is the length of every identifier of the dialect.
const idBytes = 16

// Tracker implements [Dialect]: a user ID that lasts one visit, beside a device key
// that lasts.
func (Antsomi) Tracker(m Means) Tracker { return &antsomiTracker{means: m} }

// antsomiTracker is what the SDK keeps in the cookie jar, and nothing more.
type antsomiTracker struct {
	means       Means
	uid, device string
	until       time.Time // when the user ID's cookie expires
}

// system is what the SDK tells of the machine.
func system() map[string]string {
	return map[string]string{
		"language": "en-GB", "platform": "Linux x86_64", "screen": "1280x720", "timezone": "UTC", "viewport": "1280x720",
	}
}

// View implements [Tracker].
func (t *antsomiTracker) View(page Page) Hit {
	h := t.Track(Event{Category: "pageview", Action: "view", Page: page})
	h.System = system()
	return h
}

// Track implements [Tracker].
func (t *antsomiTracker) Track(e Event) Hit {
	now := t.means.Now()
	if t.uid == "" || !now.Before(t.until) {
		t.uid = t.means.ID(idBytes)
	}
	if t.device == "" {
		t.device = t.means.ID(idBytes)
	}
	t.until = now.Add(visit)
	return Hit{
		Visitor: t.uid, Device: t.device, Message: t.means.ID(idBytes),
		Category: e.Category, Action: e.Action, Made: now, Page: e.Page,
		Identity: e.Identity, Customer: maps.Clone(e.Customer), Custom: maps.Clone(e.Custom), Items: slices.Clone(e.Items),
	}
}

// Reset implements [Tracker]: a new user ID and a new device key, at once.
func (t *antsomiTracker) Reset() {
	t.uid, t.device = t.means.ID(idBytes), t.means.ID(idBytes)
	t.until = t.means.Now().Add(visit)
}

// Forget implements [Tracker].
func (t *antsomiTracker) Forget() { t.uid, t.device, t.until = "", "", time.Time{} }

// Visitor implements [Tracker].
func (t *antsomiTracker) Visitor() string {
	if !t.means.Now().Before(t.until) {
		return ""
	}
	return t.uid
}

// Device implements [Tracker].
func (t *antsomiTracker) Device() string { return t.device }

// The moments at which a site says who the visitor is.
const (
	SignUp   = "sign_up"
	SignIn   = "sign_in"
	Identify = "identify"
)

// Identification is the event by which a site tells the SDK who the visitor is, at
// one of the moments above: the customer's ID, with his attributes.
func Identification(moment, id string, at time.Time, attributes map[string]string, page Page) Event {
	customer := maps.Clone(attributes)
	if customer == nil {
		customer = map[string]string{}
	}
	customer["customer_id"] = id
	return Event{
		Category: "user", Action: moment, Page: page, Customer: customer,
		Identity: &Identity{
			ID: id, Time: strconv.FormatInt(at.UnixMilli(), 10), Event: "user_" + moment, Type: "exact",
		},
	}
}
