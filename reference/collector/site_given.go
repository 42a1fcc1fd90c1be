package collector

import (
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/go-json-experiment/json/jsontext"
)

// siteMembers are what a site may be given.
var siteMembers = []string{"anonymous_tracking", "id", "name"}

// givenSite is a site as it is to be.
type givenSite struct {
	// Name is nil where it stays as it is.
	Name *string
	// Tracking is the setting; there is no taking it for granted.
	Tracking bool
}

// applied is the site as it is then.
func (g givenSite) applied(to Site) Site {
	if g.Name != nil {
		to.Name = *g.Name
	}
	to.AnonymousTracking = g.Tracking
	return to
}

// saysJSON tells whether a body says that it is JSON. A form of another page cannot say so,
// nor a script of one without asking first.
func saysJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// givenSiteIn reads {"name": "Shop", "anonymous_tracking": true}, of the site of the path.
// The setting must be said: a body that has lost it, or spells it otherwise, must not pass
// for one that leaves it as it is.
func givenSiteIn(body io.Reader, id string) (givenSite, error) {
	var given givenSite
	text, err := io.ReadAll(io.LimitReader(body, MaxQuery))
	value := jsontext.Value(strings.TrimSpace(string(text)))
	if err != nil || len(value) == 0 || !value.IsValid() || value.Kind() != '{' {
		return given, fmt.Errorf("the site must be a JSON object without a name twice\nhint: such as {\"name\": \"Shop\", \"anonymous_tracking\": true}")
	}
	members := membersOf(value)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(siteMembers, name) {
			return given, fmt.Errorf("a site has no %q\nhint: %s", cut(name, maxName), nearestMember(name))
		}
	}
	switch tracking, there := members["anonymous_tracking"]; {
	case !there:
		return given, fmt.Errorf("anonymous_tracking is missing\nhint: say true or false")
	case tracking.Kind() != 't' && tracking.Kind() != 'f':
		return given, fmt.Errorf("anonymous_tracking must be true or false, got %s", cut(string(tracking), maxName))
	default:
		given.Tracking = tracking.Kind() == 't'
	}
	if name, there := members["name"]; there {
		if name.Kind() != '"' {
			return given, fmt.Errorf("name must be text, got %s", cut(string(name), maxName))
		}
		text := textOf(name)
		given.Name = &text
	}
	if of, there := members["id"]; there && (of.Kind() != '"' || textOf(of) != id) {
		return given, fmt.Errorf("id must be that of the path, or left out")
	}
	return given, nil
}

// nearestMember says which member of a site may be meant by another name.
func nearestMember(name string) string {
	best, least := "", max(2, len(name)/3)+1
	if len(name) <= maxName {
		for _, member := range siteMembers {
			if distance := levenshtein.ComputeDistance(strings.ToLower(name), member); distance < least {
				best, least = member, distance
			}
		}
	}
	if best == "" {
		return "it has " + strings.Join(siteMembers, ", ")
	}
	return fmt.Sprintf("did you mean %q?", best)
}
