package evidence

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// wrap is one encoding as a tracker might use it.
type wrap struct {
	name string
	// word is what it adds to the way.
	word string
	do   func(string) string
	// packs tells that it may leave short content as it is, bare that nothing
	// marks where it begins, text that it makes no sense of binary content.
	packs, bare, text bool
}

func packWith(w func(io.Writer) io.WriteCloser) func(string) string {
	return func(s string) string {
		var out strings.Builder
		z := w(&out)
		if _, err := io.WriteString(z, s); err != nil {
			panic(err)
		}
		if err := z.Close(); err != nil {
			panic(err)
		}
		return out.String()
	}
}

func brotlied(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }
func zstded(w io.Writer) io.WriteCloser {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	return z
}

// each writes every character of a text, or every byte of what is none, by the
// format.
func each(format string) func(string) string {
	return func(s string) string {
		var out strings.Builder
		for _, c := range characters(s) {
			fmt.Fprintf(&out, format, c)
		}
		return out.String()
	}
}

// characters reads binary content as a browser's binary string.
func characters(s string) []rune {
	if !isBinary(s) {
		return []rune(s)
	}
	list := make([]rune, len(s))
	for i := range len(s) {
		list[i] = rune(s[i])
	}
	return list
}

func isBinary(s string) bool { return !isText(s) }

func percentAll(s string) string {
	var out strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&out, "%%%02X", s[i])
	}
	return out.String()
}

func inJSON(s string) string {
	text, err := json.Marshal(map[string]any{"a": []int{1, 2}, "user": map[string]string{"name": `x"y`, "ref": string(characters(s))}})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func inLines(s string) string {
	var out strings.Builder
	for ; len(s) > 12; s = s[12:] {
		out.WriteString(s[:12] + "\r\n")
	}
	return out.String() + s
}

func inUTF16(low, high int) func(string) string {
	return func(s string) string {
		var out []byte
		for _, u := range utf16.Encode(characters(s)) {
			pair := [2]byte{}
			pair[low], pair[high] = byte(u), byte(u>>8)
			out = append(out, pair[:]...)
		}
		return string(out)
	}
}

func swapASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (r|0x20 >= 'a' && r|0x20 <= 'z') {
			return r ^ 0x20
		}
		return r
	}, s)
}

var wraps = []wrap{
	{name: "percent", word: "percent", do: percentAll},
	{name: "Base64", word: "Base64", do: func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{name: "Base64url", word: "Base64", do: func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }},
	{name: "Base64 lines", word: "Base64", do: func(s string) string { return inLines(base64.StdEncoding.EncodeToString([]byte(s))) }},
	{name: "Base64 of more", word: "Base64", do: func(s string) string { return "v1" + base64.RawStdEncoding.EncodeToString([]byte("z"+s+"|~")) }},
	{name: "hex", word: "hex", do: func(s string) string { return hex.EncodeToString([]byte(s)) }},
	{name: "HEX", word: "hex", do: func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }},
	{name: "gzip", word: "gzip", do: packWith(gzipped), packs: true},
	{name: "zlib", word: "deflate", do: packWith(zlibbed), packs: true},
	{name: "raw deflate", word: "raw deflate", do: packWith(deflated), packs: true, bare: true},
	{name: "brotli", word: "brotli", do: packWith(brotlied), packs: true, bare: true},
	{name: "zstd", word: "zstd", do: packWith(zstded), packs: true},
	{name: "JSON", word: "JSON user.ref", do: inJSON},
	{name: "escapes", word: "escapes", do: each(`\u%04x`), text: true},
	{name: "entities", word: "HTML entities", do: each("&#%d;"), text: true},
	{name: "UTF-16LE", word: "UTF-16", do: inUTF16(0, 1)},
	{name: "UTF-16BE", word: "UTF-16", do: inUTF16(1, 0)},
	{name: "case", do: swapASCII, text: true},
}

// channel is a way for a value to leave; binary tells that it can carry any bytes.
type channel struct {
	name, way string
	binary    bool
	carry     func(string) Request
}

func post(kind string, body func(string) string) func(string) Request {
	return func(s string) Request {
		return Request{Method: "POST", URL: "https://collect.test/wt", Header: []Field{{"content-type", kind}}, Body: Bytes(body(s))}
	}
}

func asIs(s string) string { return s }

var channels = []channel{
	{"query", "query x", false, func(s string) Request {
		return Request{URL: "https://collect.test/wt?p=600,1&x=" + url.QueryEscape(s) + "&y=2"}
	}},
	{"path", "path", false, func(s string) Request {
		return Request{URL: "https://collect.test/v1/" + url.PathEscape(s) + "/wt?p=1"}
	}},
	{"header", "header x-ref", false, func(s string) Request {
		return Request{URL: "https://collect.test/", Header: []Field{{"x-ref", strings.ReplaceAll(s, "\r\n", "")}}}
	}},
	{"cookie", "header cookie → pair x", false, func(s string) Request {
		return Request{URL: "https://collect.test/", Header: []Field{{"cookie", "a=b; x=" + url.PathEscape(s) + "; c=d"}}}
	}},
	{"referer", "header referer → query x", false, func(s string) Request {
		return Request{URL: "https://collect.test/", Header: []Field{{"referer", "https://www.shop.test/p?q=1&x=" + url.QueryEscape(s)}}}
	}},
	{"form", "body → field x", false, post("application/x-www-form-urlencoded", func(s string) string { return "a=1&x=" + url.QueryEscape(s) + "&b=2" })},
	{"JSON body", "body → JSON user.ref", false, post("application/json", inJSON)},
	{"body", "body", true, post("text/plain", asIs)},
	{"gzip body", "body → gzip → field x", false, post("text/plain", func(s string) string { return packWith(gzipped)("e=1&x=" + url.QueryEscape(s)) })},
	{"brotli body", "body → br", true, func(s string) Request {
		r := post("text/plain", packWith(brotlied))(s)
		r.Header = append(r.Header, Field{"content-encoding", "br"})
		return r
	}},
	{"multipart", "body → x", true, post("multipart/form-data; boundary=XX", func(s string) string {
		return "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n" + s + "\r\n--XX--\r\n"
	})},
	{"frame", "frame 1", true, func(s string) Request {
		return Request{URL: "wss://collect.test/", Protocol: "websocket", Frames: []Frame{{FromPage: true, Payload: Bytes(s)}}}
	}},
	{"tunnel", "body", true, func(s string) Request {
		return Request{URL: "https://collect.test:443", Method: "CONNECT", Protocol: "tunnel", Body: Bytes("\x00\x01" + s + "\x00")}
	}},
}

// wrapped applies encodings, the last one first, and returns the words of the way
// to the value; an optional one begins with "?". It is false for a composition
// that nobody can make.
func wrapped(value string, list []wrap) (text string, words []string, ok bool) {
	text = value
	for i := len(list) - 1; i >= 0; i-- {
		w := list[i]
		if w.text && isBinary(text) || w.name == "case" && strings.Contains(text, `\u00`) {
			return "", nil, false
		}
		inner := text
		text = w.do(inner)
		word := w.word
		if w.packs && share(text, inner) {
			word = "?" + word // it left some of the content as it was
		}
		if word != "" {
			words = append([]string{word}, words...)
		}
	}
	return text, words, true
}

// share tells whether eight bytes stand in both.
func share(a, b string) bool {
	for i := range max(0, len(b)-7) {
		if strings.Contains(a, b[i:i+8]) {
			return true
		}
	}
	return false
}

// extra are words that a transport or a browser's binary string may add.
var extra = map[string]bool{"percent": true, "escapes": true, "UTF-8": true, "case swapped": true, "part x": true, "field x": true, "form x": true}

// leadsBy tells whether the way has the words in order and no others but extras.
func leadsBy(way, words []string) bool {
	switch {
	case len(words) > 0 && words[0][0] == '?' && leadsBy(way, words[1:]):
		return true
	case len(way) == 0:
		return len(words) == 0
	case len(words) > 0 && strings.EqualFold(strings.TrimPrefix(words[0], "?"), way[0]) && leadsBy(way[1:], words[1:]):
		return true
	}
	return extra[way[0]] && leadsBy(way[1:], words)
}

// startless tells that something that nothing marks is packed where it cannot be
// told where it begins.
func startless(ch channel, list []wrap) bool {
	moved := ch.name == "tunnel"
	for _, w := range list {
		if w.bare && moved {
			return true
		}
		moved = w.name == "Base64 of more" || moved && !w.packs && w.word != "hex" && !strings.HasPrefix(w.word, "JSON")
	}
	return false
}

// composition checks one: planted it is found by the right way, removed it is not.
func composition(t *testing.T, c *Canary, value, other string, ch channel, list []wrap) (tried bool) {
	t.Helper()
	text, words, ok := wrapped(value, list)
	if !ok || startless(ch, list) || isBinary(text) && !ch.binary && ch.name != "JSON body" && ch.name != "query" {
		return false
	}
	names := make([]string, len(list))
	for i, w := range list {
		names[i] = w.name
	}
	for i, word := range words {
		if word == "JSON user.ref" && (slices.Contains(names, "Base64 of more") || strings.Contains(strings.Join(words, ""), "?")) {
			words[i] = "?" + word // with something before it, it is none
		}
	}
	name := fmt.Sprintf("%s: %s", ch.name, strings.Join(names, " of "))
	request := ch.carry(text)
	found, unsearched := c.Search(request.Read())
	if unsearched != "" || len(found) != 1 {
		t.Errorf("%s: found %v, unsearched %q\nin %.300q", name, found, unsearched, text)
		return true
	}
	want := append(strings.Split(strings.ReplaceAll(ch.way, "body → x", "body"), arrow), words...)
	if !leadsBy(strings.Split(found[0].Way, arrow), want) {
		t.Errorf("%s: the way is %q, want %q", name, found[0].Way, want)
	}
	content := request.Read().Texts[found[0].Text].Content
	if found[0].From < 0 || found[0].From >= found[0].To || found[0].To > len(content) {
		t.Errorf("%s: no place: %v", name, found[0].Span)
	}
	text, _, _ = wrapped(other, list)
	request = ch.carry(text)
	if found, unsearched := c.Search(request.Read()); len(found) > 0 || unsearched != "" {
		t.Errorf("%s, removed: found %v, unsearched %q", name, found, unsearched)
	}
	return true
}

func TestEveryLayerInEveryChannel(t *testing.T) {
	t.Parallel()
	for value, other := range map[string]string{"2135817235100012345": "2135817235100012354", "Jane.Doe+x@shop.test": "Jane.Doe+x@shop.tset"} {
		c := NewCanary([]Needle{{value, "planted"}})
		for _, ch := range channels {
			composition(t, c, value, other, ch, nil)
			for _, w := range wraps {
				composition(t, c, value, other, ch, []wrap{w})
			}
		}
	}
}

func TestEveryPairOfLayers(t *testing.T) {
	t.Parallel()
	const value, other = "user5684798169", "user5684798196"
	c := NewCanary([]Needle{{value, "planted"}})
	tried := 0
	for i, outer := range wraps {
		for j, inner := range wraps {
			for k := range 4 {
				if composition(t, c, value, other, channels[(i+j*3+k*4)%len(channels)], []wrap{outer, inner}) {
					tried++
				}
			}
		}
	}
	if tried < 2*len(wraps)*len(wraps) {
		t.Errorf("only %d compositions were tried", tried)
	}
}

func TestManyTriplesOfLayers(t *testing.T) {
	t.Parallel()
	const value, other = "2135817235100012345", "2135817235100021345"
	c := NewCanary([]Needle{{value, "planted"}})
	const seed = 3
	random := rand.New(rand.NewPCG(seed, 1))
	tried := 0
	for range 1500 {
		list := []wrap{wraps[random.IntN(len(wraps))], wraps[random.IntN(len(wraps))], wraps[random.IntN(len(wraps))]}
		if composition(t, c, value, other, channels[random.IntN(len(channels))], list) {
			tried++
		}
	}
	if tried < 900 {
		t.Errorf("only %d compositions were tried", tried)
	}
}
