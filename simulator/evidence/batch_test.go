package evidence

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hitsOf lists the hits of a reading, each as name=value in order of name.
func hitsOf(r *Reading) [][]string {
	list := make([][]string, r.Hits)
	for i := range list {
		for _, p := range r.Hit(i) {
			list[i] = append(list[i], p.Name+"="+p.Value)
		}
		slices.Sort(list[i])
	}
	return list
}

func TestReadBatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, url, body string
		want            [][]string
	}{
		{"one hit in the query, with JSON in parameters",
			"https://c.test/event?uid=u1&t=1790000000000&extra=%7B%22identify_id%22%3A%22c%22%7D&dims=%7B%22customers%22%3A%7B%22email%22%3A%22a%40b.test%22%7D%7D", "",
			[][]string{{"dims.customers.email=a@b.test", `dims={"customers":{"email":"a@b.test"}}`, "extra.identify_id=c", `extra={"identify_id":"c"}`, "t=1790000000000", "uid=u1"}}},
		{"one hit in a body", "https://c.test/event", `{"uid":"u1","t":1790000000000,"extra":{"identify_id":"c"},"items":[{"id":"i"}]}`,
			[][]string{{"extra.identify_id=c", "items.0.id=i", "t=1790000000000", "uid=u1"}}},
		{"several hits that share what stands outside", "https://c.test/event?q=1", `{"portal_id":"7","events":[{"uid":"u1","items":[{"id":"i"}]},{"uid":"u2","extra":{"identify_id":"c"}},{}],"prop_id":"8"}`,
			[][]string{{"items.0.id=i", "portal_id=7", "prop_id=8", "q=1", "uid=u1"}, {"extra.identify_id=c", "portal_id=7", "prop_id=8", "q=1", "uid=u2"}, {"=", "portal_id=7", "prop_id=8", "q=1"}}},
		{"what a parameter of the query holds is shared as well", "https://c.test/event?sys=%7B%22l%22%3A%22en%22%7D", `{"events":[{"uid":"u1"},{"uid":"u2"}]}`,
			[][]string{{"sys.l=en", `sys={"l":"en"}`, "uid=u1"}, {"sys.l=en", `sys={"l":"en"}`, "uid=u2"}}},
		{"two batches in one body", "https://c.test/event", `{"p":"1","events":[{"uid":"u1"},{"uid":"u2"}]}` + "\n" + `{"p":"2","events":[{"uid":"u3"}]}` + "\n" + `{"p":"3","uid":"u4"}`,
			[][]string{{"p=1", "uid=u1"}, {"p=1", "uid=u2"}, {"p=2", "uid=u3"}, {"p=3", "uid=u4"}}},
		{"an empty batch", "https://c.test/event", `{"p":"1","events":[]}`, [][]string{{"events=", "p=1"}}},
		{"a batch of nothing that is named", "https://c.test/event", `{"events":["a","b"]}`, [][]string{{"=a"}, {"=b"}}},
		{"an object by that name is no list", "https://c.test/event", `{"events":{"first":"a"}}`, [][]string{{"events.first=a"}}},
		{"a parameter of the query by that name", "https://c.test/event?events.0.uid=u1", "", [][]string{{"events.0.uid=u1"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := Request{Method: "POST", URL: c.url, Body: Bytes(c.body), Header: []Field{{"content-type", "text/plain"}}}
			reading := r.ReadBatch("events")
			if diff := cmp.Diff(c.want, hitsOf(reading)); diff != "" {
				t.Errorf("hits (-want +got):\n%s", diff)
			}
			if reading.Unread != "" {
				t.Errorf("unread: %s", reading.Unread)
			}
			if diff := cmp.Diff(hitsOf(r.Read()), hitsOf(r.ReadBatch(""))); diff != "" {
				t.Errorf("without a name it is another reading:\n%s", diff)
			}
		})
	}
}

// What one element of a batch carries is never read as another's.
func TestTheHitsOfABatchStayApart(t *testing.T) {
	t.Parallel()
	var events []string
	for i := range 25 {
		events = append(events, fmt.Sprintf(`{"uid":"u%d"}`, i))
	}
	r := Request{Method: "POST", URL: "https://c.test/event", Body: Bytes(`{"events":[` + strings.Join(events, ",") + `]}`)}
	reading := r.ReadBatch("events")
	for i := range 25 {
		want := [][]string{{fmt.Sprintf("uid=u%d", i)}}
		var got []string
		for _, p := range reading.Hit(i) {
			got = append(got, p.Name+"="+p.Value)
			if text := reading.Texts[p.Text].Content[p.From:p.To]; !strings.Contains(text, p.Value+`"`) {
				t.Errorf("hit %d: the place of %s is %s", i, p.Value, text)
			}
		}
		if diff := cmp.Diff(want, [][]string{got}); diff != "" {
			t.Errorf("hit %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestABatchCannotGrowWithoutBounds(t *testing.T) {
	t.Parallel()
	shared := strings.Repeat(`"a":1,`, 2000)
	r := Request{Method: "POST", URL: "https://c.test/event", Body: Bytes(`{` + shared + `"events":[` + strings.TrimSuffix(strings.Repeat(`{"b":1},`, 2000), ",") + `]}`)}
	reading := r.ReadBatch("events")
	if len(reading.Parameters) > 2*maxParameters || reading.Unread == "" {
		t.Errorf("%d parameters, unread %q", len(reading.Parameters), reading.Unread)
	}
}
