package journey_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

// status is a collector's answer other than 200.
type status int

func (s status) Error() string   { return fmt.Sprintf("it answered %d: %q", int(s), "out of order") }
func (s status) HTTPStatus() int { return int(s) }

func TestARefusedProfileNamesThePath(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		profile, events error
		want            string
	}{
		"no profile":    {status(404), nil, ""},
		"no answer":     {errors.New("boom"), nil, "read the profile of the visitor u1: boom"},
		"out of order":  {status(503), nil, "pixel.yaml: profile.visitor.path: it answered 503: \"out of order\"\nhint: 200 with the profile is wanted, or 404 where there is none"},
		"its events":    {nil, status(404), "pixel.yaml: profile.visitor.events: it answered 404: \"out of order\"\nhint: 200 with the profile's events is wanted, which may be none"},
		"events silent": {nil, errors.New("boom"), "read the profile of the visitor u1: boom"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := mapped(opening("home", "home"))
			p.Scenario.Config.Customer = nil
			profiles, err := journey.NewProfiles(p)
			if err != nil {
				t.Fatal(err)
			}
			_, err = profiles.Read(t.Context(), func(_ context.Context, path string) ([]byte, error) {
				if strings.HasSuffix(path, "/events?limit=9") {
					return []byte(eventsFile), test.events
				}
				return []byte(visitorFile), test.profile
			}, []string{"u1"})
			if got := fmt.Sprint(err); got != test.want && (err != nil || test.want != "") {
				t.Errorf("got %s", got)
			}
		})
	}
}

// The whole of an answer is nobody's reading.
func TestAnAnswerIsShownInPart(t *testing.T) {
	t.Parallel()
	long := `{"zid": "ü\u0000` + "\n\t\x1b" + strings.Repeat("ü", 500) + `"}`
	for name, test := range map[string]struct{ file, as string }{
		"an answer":  {long, "GET /c/anna@shop.test answered "},
		"one event":  {strings.Replace(customerFile, `{"mid": "m1", "uid": "u1"`, `{"mid": "m1", "zid": "`+strings.Repeat("ü", 500)+`"`, 1), "GET /c/anna@shop.test answered events such as "},
		"short ones": {`{}`, "GET /c/anna@shop.test answered {}\n"},
	} {
		_, err := read(t, mapped(opening("home", "home")), map[string]string{"/c/anna@shop.test": test.file})
		if err == nil {
			t.Errorf("%s: it was read", name)
			continue
		}
		_, after, found := strings.Cut(err.Error(), test.as)
		shown, _, _ := strings.Cut(after, "\nhint: ")
		if !found || strings.ContainsAny(shown, "\x1b\n\t") {
			t.Errorf("%s: got %q", name, err)
		}
		if n := utf8.RuneCountInString(shown); name != "short ones" && (n != 201 || !strings.HasSuffix(shown, "…")) {
			t.Errorf("%s: %d characters are shown: %s", name, n, shown)
		}
	}
}

func TestAHintListsSoMuch(t *testing.T) {
	t.Parallel()
	var fields []string
	for i := range 20 {
		fields = append(fields, fmt.Sprintf(`"field%02d": 1`, i))
	}
	p := mapped(opening("home", "home"))
	p.Pixel.Profile.Values.CustomerID = "$.customerid"
	_, err := read(t, p, map[string]string{"/c/anna@shop.test": "{" + strings.Join(fields, ",") + `, "customer_id": 1}`})
	if err == nil || !strings.HasSuffix(err.Error(), "field10 and 9 more; did you mean $.customer_id?") {
		t.Errorf("got %v", err)
	}
	p.Pixel.Profile.Values.CustomerID = "$.a.b.c"
	_, err = read(t, p, map[string]string{"/c/anna@shop.test": `{"a": {}}`})
	if err == nil || !strings.HasSuffix(err.Error(), "\nhint: $.a is an empty object") {
		t.Errorf("got %v", err)
	}
}
