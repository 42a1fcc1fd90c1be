package evidence

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindValue(t *testing.T) {
	t.Parallel()
	const eid = "2135817235100012345"
	header := func(name, value string) []Field { return []Field{{name, value}} }
	tests := map[string]struct {
		request Request
		value   string
		// want lists "part: the text as sent".
		want []string
	}{
		"nowhere":             {Request{URL: "https://c.test/wt?eid=1", Body: Bytes("eid=2"), Header: header("cookie", "eid=3")}, eid, nil},
		"empty value":         {Request{URL: "https://c.test/"}, "", nil},
		"host":                {Request{URL: "https://" + eid + ".c.test/wt"}, eid, []string{"host: " + eid}},
		"path":                {Request{URL: "https://c.test/u/" + eid + "/wt?a=1"}, eid, []string{"path: " + eid}},
		"query":               {Request{URL: "https://c.test/wt?a=1&eid=" + eid + "&b=2"}, eid, []string{"query eid: " + eid}},
		"twice":               {Request{URL: "https://c.test/wt?eid=" + eid + "&x=a" + eid}, eid, []string{"query eid: " + eid, "query x: " + eid}},
		"name in the query":   {Request{URL: "https://c.test/wt?" + eid}, eid, []string{"query " + eid + ": " + eid}},
		"percent":             {Request{URL: "https://c.test/wt?uc5=User%20cat%205"}, "User cat 5", []string{"query uc5: User%20cat%205"}},
		"percent, every byte": {Request{URL: "https://c.test/wt?x=%75%73%65%725684"}, "user5684", []string{"query x: %75%73%65%725684"}},
		"percent twice":       {Request{URL: "https://c.test/wt?pu=a%2520b%253Deid"}, "a b=eid", []string{"query pu: a%2520b%253Deid"}},
		"plus":                {Request{Body: Bytes("uc5=User+cat+5")}, "User cat 5", []string{"body: User+cat+5"}},
		"plus inside percent": {Request{URL: "https://c.test/?r=a%3DUser%2Bcat%2B5"}, "User cat 5", []string{"query r: User%2Bcat%2B5"}},
		"JSON escapes":        {Request{Body: Bytes(`{"m":"j\u00f6rg\u0040shop.test"}`)}, "jörg@shop.test", []string{`body: j\u00f6rg\u0040shop.test`}},
		"JSON in the query":   {Request{URL: "https://c.test/?j=%7B%22u%22%3A%22a%5C%2Fb-c%22%7D"}, "a/b-c", []string{"query j: a%5C%2Fb-c"}},
		"astral":              {Request{Body: Bytes(`{"m":"\ud83d\ude00-face"}`)}, "😀-face", []string{`body: \ud83d\ude00-face`}},
		"cookie":              {Request{URL: "u", Header: header("cookie", "a=b; wtstp_eid="+eid)}, eid, []string{"header cookie: " + eid}},
		"referer":             {Request{URL: "u", Header: header("referer", "https://s.test/?id=user%40s.test")}, "user@s.test", []string{"header referer: user%40s.test"}},
		"header name":         {Request{URL: "u", Header: header("x-"+eid, "1")}, eid, []string{"header x-" + eid + ": " + eid}},
		"packed body":         {Request{URL: "u", Body: packed(t, "a=1&eid="+eid, gzipped)}, eid, []string{"body: " + eid}},
		"frame":               {Request{URL: "u", Frames: []Frame{{Payload: Bytes(eid)}, {FromPage: true, Payload: Bytes("x" + eid)}}}, eid, []string{"frame 2: " + eid}},
		"binary frame":        {Request{URL: "u", Frames: []Frame{{FromPage: true, Payload: Bytes("\xff\x00" + eid)}}}, eid, []string{"frame 1: " + eid}},
		"decoded only": {Request{URL: "https://c.test/?data=" + base64.RawURLEncoding.EncodeToString([]byte(`{"eid":"`+eid+`"}`))}, eid,
			[]string{"parameter eid: data=" + base64.RawURLEncoding.EncodeToString([]byte(`{"eid":"`+eid+`"}`))}},
		"over two parameters": {Request{URL: "https://c.test/?a=1&b=2"}, "1&b=2", []string{"query: 1&b=2"}},
		"over host and path":  {Request{URL: "https://c.test/wt"}, "c.test/wt", []string{"url: c.test/wt"}},
	}
	for name, test := range tests {
		var got []string
		texts := test.request.Texts()
		for _, f := range FindValue(&test.request, test.value) {
			got = append(got, fmt.Sprintf("%s: %s", f.Part, texts[f.Text].Content[f.From:f.To]))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
