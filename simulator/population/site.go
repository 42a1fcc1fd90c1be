package population

import (
	"fmt"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Site is what a site's pages tell their tracker, in one vendor's words: what the
// page of the stage does in a browser.
type Site interface {
	// Open is what the page of that name tells when it has loaded. known is the plan
	// of the person whom the site knows there.
	Open(t Tracker, name string, at Page, known *scenario.Plan) []Hit
	// Do is what it tells when the visitor does something. An action that the
	// vendor's document knows nothing of is an error.
	Do(t Tracker, action string, at Page, known *scenario.Plan) ([]Hit, error)
}

// accountPage is the name of the page that tells who the visitor is by itself.
const accountPage = "account"

// antsomiSite is a shop with Antsomi's SDK.
type antsomiSite struct{ now func() time.Time }

// Site implements [Dialect].
func (Antsomi) Site(now func() time.Time) Site { return antsomiSite{now} }

// Open implements [Site]: a page view, what the page reports by itself, and on the
// page of the account the identification.
func (s antsomiSite) Open(t Tracker, name string, at Page, known *scenario.Plan) []Hit {
	hits := []Hit{t.View(at)}
	if a := known.Scenario.Config.Actions; a != nil {
		for _, action := range a.Queued {
			hits = append(hits, t.Track(Event{Category: shop, Action: action, Page: at}))
		}
	}
	if name == accountPage && known.Scenario.RawCustomer() != "" {
		hits = append(hits, t.Track(s.identification(Identify, known, known.Scenario.Config.Customer, at)))
	}
	return hits
}

// shop is the category of what the site reports.
const shop = "shop"

// Do implements [Site].
func (s antsomiSite) Do(t Tracker, action string, at Page, known *scenario.Plan) ([]Hit, error) {
	config := known.Scenario.Config
	moments := map[string]string{
		scenario.ActionSignUp: SignUp, scenario.ActionSignIn: SignIn, scenario.ActionIdentify: Identify,
		scenario.ActionChange: Identify, scenario.ActionChangeAgain: Identify,
	}
	given := config.Customer
	switch action {
	case scenario.ActionSignOut:
		t.Reset()
		return nil, nil
	case scenario.ActionAct:
		return []Hit{t.Track(Event{Category: shop, Action: clicked(config), Page: at, Custom: config.Attributes, Items: basket})}, nil
	case scenario.ActionChange, scenario.ActionChangeAgain:
		i := map[string]int{scenario.ActionChange: 0, scenario.ActionChangeAgain: 1}[action]
		if i >= len(config.Changes) {
			return nil, fmt.Errorf("the site knows of no such change: the config gives %d", len(config.Changes))
		}
		given = config.Changes[i] // what stays is not said again
	}
	moment, ok := moments[action]
	if !ok {
		return nil, fmt.Errorf("the site has no %q", action)
	}
	return []Hit{t.Track(s.identification(moment, known, given, at))}, nil
}

// clicked is what the site calls the action that it reports.
func clicked(config scenario.Config) string {
	if a := config.Actions; a != nil && a.Clicked != "" {
		return a.Clicked
	}
	return scenario.ActionAct
}

// identification tells who the person is, with what is given of him.
func (s antsomiSite) identification(moment string, known *scenario.Plan, given map[string]string, at Page) Event {
	data := map[string]string{}
	for role, value := range given {
		if name := attributeName(known.Pixel, role); name != "" {
			data[name] = value
		}
	}
	return Identification(moment, known.CustomerID(), s.now(), data, at)
}

// basket is what an act puts into it.
var basket = []Item{{ID: "4711", Name: "Walking shoes", Price: 59.9, Quantity: 1}}

// customers leads to a customer's attributes in an event.
const customers = "dims.customers."

// attributeName is what the pixel calls a customer's attribute on the wire; "" for a
// role that is none. What its backend calls it has no say: that is what is judged.
func attributeName(pixel *scenario.Pixel, role string) string {
	if role == scenario.RoleCustomerID {
		return ""
	}
	if name, said := strings.CutPrefix(pixel.Parameters[role].Name, customers); said {
		return name
	}
	return map[string]string{
		scenario.RoleEmail: "email", scenario.RolePhone: "phone", scenario.RoleName: "name",
		scenario.RoleGender: "gender", scenario.RoleBirthDate: "date_of_birth",
		scenario.RoleFirstName: "first_name", scenario.RoleLastName: "last_name",
	}[role]
}
