package collector

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/geo"
)

// traces are the forms in which something could hold an address.
func traces(address netip.Addr) map[string][]byte {
	forms := map[string][]byte{}
	number := func(name string, raw []byte) {
		backwards := slices.Clone(raw)
		slices.Reverse(backwards)
		for order, b := range map[string][]byte{"": raw, " backwards": backwards} {
			forms[name+order] = b
			forms[name+order+" in hex"] = []byte(hex.EncodeToString(b))
			forms[name+order+" in upper hex"] = bytes.ToUpper([]byte(hex.EncodeToString(b)))
			forms[name+order+" in decimal"] = []byte(new(big.Int).SetBytes(b).String())
		}
	}
	short := address.Unmap()
	forms["text"], forms["text of IPv6"] = []byte(short.String()), []byte(netip.AddrFrom16(short.As16()).String())
	if short.Is4() {
		number("four bytes", short.AsSlice())
		return forms
	}
	forms["long text"] = []byte(short.StringExpanded())
	sixteen := short.As16()
	number("sixteen bytes", sixteen[:])
	number("last half", sixteen[8:])
	forms["last half, signed"] = []byte(strconv.FormatInt(int64(binary.BigEndian.Uint64(sixteen[8:])), 10))
	return forms
}

// tracesOfID are the forms in which something could hold 16 hexadecimal digits.
func tracesOfID(id string) map[string][]byte {
	raw, err := hex.DecodeString(id)
	if err != nil {
		panic(err)
	}
	backwards := slices.Clone(raw)
	slices.Reverse(backwards)
	n := binary.BigEndian.Uint64(raw)
	return map[string][]byte{
		"text": []byte(id), "upper text": []byte(strings.ToUpper(id)), "bytes": raw, "bytes backwards": backwards,
		"decimal": []byte(strconv.FormatUint(n, 10)), "signed": []byte(strconv.FormatInt(int64(n), 10)),
	}
}

func foundIn(kept map[string][]byte, forms map[string][]byte) []string {
	var found []string
	for name, data := range kept {
		for form, trace := range forms {
			if bytes.Contains(data, trace) {
				found = append(found, form+" in "+name)
			}
		}
	}
	slices.Sort(found)
	return found
}

// rowsOf are all rows of all tables, as texts.
func rowsOf(t *testing.T, s *store, tables string) []byte {
	t.Helper()
	names, err := all(t.Context(), s.read, "tables", asking(tables), func(scan func(...any) error) (string, error) {
		var name string
		return name, scan(&name)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(names, "visitor_sessions") {
		t.Fatalf("the tables are %v", names)
	}
	var text bytes.Buffer
	for _, name := range names {
		rows, err := s.read.QueryContext(t.Context(), `SELECT * FROM "`+name+`"`)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, places := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				places[i] = &values[i]
			}
			if err := rows.Scan(places...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				if raw, ok := v.([]byte); ok {
					text.Write(raw)
				}
				fmt.Fprintf(&text, " %v", v)
			}
			text.WriteString("\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		_ = rows.Close()
	}
	return text.Bytes()
}

const (
	sqliteTables   = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
	postgresTables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
)

// planted is what visitors leave behind when a store should forget it.
type planted struct {
	t   *testing.T
	c   *Collector
	now time.Time
}

func (p *planted) query(more ...string) string {
	q := url.Values{"idsite": {ExampleSites()[0].ID}, "rec": {"1"}, "ts": {strconv.FormatInt(p.now.UnixMilli(), 10)}, "url": {"https://www.shop.test/"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return q.Encode()
}

func (p *planted) get(from netip.Addr, status int, query string, change ...func(*http.Request)) {
	p.t.Helper()
	w := get(p.c.Handler(), "/ppms.php?"+query, append(change, func(r *http.Request) {
		r.RemoteAddr = netip.AddrPortFrom(from, 4000).String()
	})...)
	if w.Code != status {
		p.t.Fatalf("%s: %d %s", query, w.Code, w.Body)
	}
	p.silent(w.Header(), w.Body.Bytes())
}

// silent fails where an answer tells an address.
func (p *planted) silent(header http.Header, body []byte) {
	p.t.Helper()
	for _, address := range plantedAddresses {
		if found := foundIn(map[string][]byte{"the answer": append([]byte(fmt.Sprint(header)), body...)}, traces(address)); found != nil {
			p.t.Errorf("%s: %v", address, found)
		}
	}
}

var (
	plantedAddresses = []netip.Addr{
		netip.MustParseAddr("198.51.100.87"), netip.MustParseAddr("2001:db8:1:20:dead:beef:77:8899"), netip.MustParseAddr("::ffff:203.0.113.199"),
	}
	identifiedAddresses = []netip.Addr{netip.MustParseAddr("198.51.100.93"), netip.MustParseAddr("2001:db8:1:20:8000:cafe:66:5544")}
	plantedIDs          = []string{"a1b2c3d4e5f60718", "b2c3d4e5f6071829", "c3d4e5f60718293a", "d4e5f60718293a4b"}
	identifiedID        = "e5f60718293a4b5c"
)

// all that a visitor who has not agreed could leave behind.
func (p *planted) leave() {
	for i, from := range plantedAddresses {
		temporary := plantedIDs[i]
		p.get(from, 202, p.query("uia", "1", "ses", temporary))
		p.get(from, 202, p.query("uia", "1", "ses", temporary, "e_c", "cart", "e_a", "add"))
		p.get(from, 202, p.query("uia", "1", "ses", temporary, "_id", plantedIDs[3], "uid", "anna@shop.test"))
		p.get(from, 202, p.query("uia", "1", "cid", plantedIDs[3], "pv_id", plantedIDs[3]))
		p.get(from, 202, p.query("uia", "1", "ses", temporary, "cip", from.String(), "ua", from.String()))
		p.get(from, 202, p.query("uia", "1", "ses", temporary, "extra", plantedIDs[3]))
		p.get(from, 202, p.query("uia", "1", "ses", temporary, "idsite", ExampleSites()[1].ID))
		p.get(from, 202, p.query("uia", "1", "ses", temporary, "idsite", "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9aff"))
		p.get(from, 202, "uia=1&ses="+temporary+"&%zz")
		p.get(netip.MustParseAddr("127.0.0.1"), 202, p.query("uia", "1", "ses", temporary), func(r *http.Request) {
			r.Header.Set("X-Forwarded-For", "192.0.2.1, "+from.String())
		})
		played := strconv.Quote(p.query("uia", "1", "ses", temporary, "cip", from.String()))
		for _, origin := range []string{"", "https://www.shop.test"} {
			w := get(p.c.Handler(), "/ppms.php", func(r *http.Request) {
				r.Method, r.Body = http.MethodPost, http.NoBody
				r.Header.Set("Content-Type", "application/json")
				if origin != "" {
					r.Header.Set("Origin", origin)
				}
				r.Body = bodyText(`{"requests":[` + played + `,"cip=` + from.String() + `","cip=` + from.String() + `x&uia=1"]}`)
			})
			if w.Code != 202 || strings.Contains(w.Header().Get(RefusedHeader), "hit 1:") != (origin != "") {
				p.t.Fatalf("%d %v", w.Code, w.Header())
			}
			p.silent(w.Header(), w.Body.Bytes())
		}
	}
	for _, from := range identifiedAddresses {
		p.get(from, 202, p.query("_id", identifiedID, "uid", "ben"))
		p.now = p.now.Add(time.Hour)
	}
}

// A visitor who has not agreed leaves neither an address nor an ID behind, in no form:
// the search finds both of one who has.
func TestAnonymousVisitorsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"memory", "sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := &planted{t: t, now: firstDay}
			var log bytes.Buffer
			folder, tables, place := t.TempDir(), sqliteTables, ""
			switch kind {
			case "sqlite":
				place = filepath.Join(folder, "hits.db")
			case "postgres":
				tables, place = postgresTables, NewDatabase(t)
			}
			db, err := geo.Example()
			if err != nil {
				t.Fatal(err)
			}
			p.c, err = New(Options{
				Store: place, Clock: func() time.Time { return p.now }, Geo: db, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
				Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer p.c.Close()
			p.leave()
			kept := map[string][]byte{"the tables": rowsOf(t, p.c.store, tables)}
			filesOf(t, folder, kept)
			if kind == "sqlite" && (len(kept["hits.db"]) == 0 || len(kept["hits.db-wal"]) == 0) {
				t.Fatal("there is no file to search")
			}
			if !strings.Contains(log.String(), "hit refused") {
				t.Fatal("nothing was logged")
			}
			searchKept(t, kept)
			searchKept(t, map[string][]byte{"the log": log.Bytes()})
			if err := p.c.Close(); err != nil {
				t.Fatal(err)
			}
			filesOf(t, folder, kept)
			searchKept(t, kept)
		})
	}
}

// searchKept searches what is kept, and where there is anything of an identified visitor
// finds him.
func searchKept(t *testing.T, kept map[string][]byte) {
	t.Helper()
	for _, address := range plantedAddresses {
		if found := foundIn(kept, traces(address)); found != nil {
			t.Errorf("%s: %v", address, found)
		}
	}
	for _, id := range plantedIDs {
		if found := foundIn(kept, tracesOfID(id)); found != nil {
			t.Errorf("%s: %v", id, found)
		}
	}
	if found := foundIn(kept, map[string][]byte{"customer": []byte("anna@")}); found != nil {
		t.Error(found)
	}
	for _, address := range identifiedAddresses {
		if found := foundIn(kept, traces(address)); kept["the tables"] != nil && !slices.Contains(found, "text in the tables") {
			t.Errorf("the search does not even find %s: %v", address, found)
		}
	}
	if kept["the tables"] != nil && !slices.Contains(foundIn(kept, tracesOfID(identifiedID)), "text in the tables") {
		t.Errorf("the search does not even find %s", identifiedID)
	}
	if kept["hits.db"] != nil && foundIn(map[string][]byte{"file": append(kept["hits.db"], kept["hits.db-wal"]...)}, traces(identifiedAddresses[0])) == nil {
		t.Error("the search finds nobody in the file")
	}
}

// filesOf reads the files of a folder.
func filesOf(t *testing.T, folder string, into map[string][]byte) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if into[f.Name()], err = os.ReadFile(filepath.Join(folder, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

func bodyText(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

// Neither a panic nor a store that fails tells of an address.
func TestFailuresNameNoAddress(t *testing.T) {
	t.Parallel()
	p := &planted{t: t, now: firstDay}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	p.c, err = New(Options{Clock: func() time.Time { return p.now }, Logger: logger, Visitors: VisitorRules{
		Locate: func(_ *geo.DB, full netip.Addr, _ string) geo.Place { panic("nowhere: " + full.String()) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range plantedAddresses {
		p.get(from, 500, p.query("uia", "1", "ses", plantedIDs[0]))
	}
	if err := p.c.Close(); err != nil {
		t.Fatal(err)
	}
	p.c.visitors.Locate = func(*geo.DB, netip.Addr, string) geo.Place { return geo.Place{} }
	for _, from := range plantedAddresses {
		p.get(from, 503, p.query("uia", "1", "ses", plantedIDs[0]))
	}
	for _, from := range plantedAddresses {
		_, _ = fmt.Fprintf(namelessLog{logger}, "http: panic serving %s: gone\ngoroutine 7\n%x", netip.AddrPortFrom(from, 80), from.AsSlice())
	}
	for _, want := range []string{"nowhere: (address)", "hits are lost", "panic serving (address): gone", "collector.(*Collector).settle "} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
	for _, address := range plantedAddresses {
		if found := foundIn(map[string][]byte{"the log": log.Bytes()}, traces(address)); found != nil {
			t.Errorf("%s: %v\n%s", address, found, log.String())
		}
	}
}

func TestNameless(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"serving 192.0.2.1:4000: gone":            "serving (address): gone",
		"from [2001:db8::1]:4000: eof":            "from (address): eof",
		"from 2001:db8::1, 192.0.2.1.":            "from (address), (address).",
		"fe80::1%eth0 is not 12:30:45 or 1.2.3":   "(address) is not 12:30:45 or 1.2.3",
		"dead.beef at collector.go:12, x86: fine": "dead.beef at collector.go:12, x86: fine",
	} {
		if got := nameless(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
