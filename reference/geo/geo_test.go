package geo

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go4.org/netipx"
)

func example(t testing.TB) *DB {
	t.Helper()
	db, err := Example()
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestTheExampleKnowsItsRanges(t *testing.T) {
	t.Parallel()
	db := example(t)
	for address, want := range map[string]Place{
		"192.0.2.0": {"Iceland", "Reykjavik"}, "192.0.2.7": {"Iceland", "Reykjavik"},
		"192.0.2.8": {"Germany", "Berlin"}, "192.0.2.10": {"Germany", "Berlin"}, "192.0.2.16": {"Germany", "Hamburg"},
		"192.0.2.40": {Country: "Germany"}, "192.0.2.255": {"Poland", "Wrocław"},
		"203.0.113.130": {"NO", "Bergen"}, "203.0.113.0": {}, "198.51.100.15": {},
		"2001:db8::": {"Iceland", "Reykjavik"}, "2001:db8:1::": {}, "2001:db8:1:10::": {"Iceland", "Reykjavik"},
		"2001:db8:1:10:8000::a": {"Germany", "Berlin"}, "2001:db8:1:20:ffff::1": {"Germany", "Hamburg"},
		"::ffff:192.0.2.10": {"Germany", "Berlin"}, "2001:db8:1:10:8000::a%eth0": {"Germany", "Berlin"}, "::ffff:192.0.2.10%1": {"Germany", "Berlin"},
		"0.0.0.0": {}, "::": {}, "::1": {}, "127.0.0.1": {}, "8.8.8.8": {}, "2606:4700::1": {},
	} {
		if got := db.Locate(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %+v, want %+v", address, got, want)
		}
	}
	if got := db.Locate(netip.Addr{}); got != (Place{}) {
		t.Errorf("no address is in %+v", got)
	}
	if got := (*DB)(nil).Locate(netip.MustParseAddr("192.0.2.10")); got != (Place{}) {
		t.Errorf("no database knows %+v", got)
	}
	if got := db.About().String(); got != "Example-City of 2026-01-01" || !db.About().Cities {
		t.Errorf("about: %s", got)
	}
}

// Each end of each range is where the table says, and with any part of it masked
// is found elsewhere or nowhere: this is what tells geography from the full address
// from that of a masked one.
func TestOnlyTheFullAddressGivesTheExamplesPlaces(t *testing.T) {
	t.Parallel()
	db, cities := example(t), map[netip.Prefix]map[string]bool{}
	for _, r := range ExampleRanges() {
		span := netipx.RangeOfPrefix(r.Prefix)
		for _, address := range []netip.Addr{span.From(), span.To()} {
			if got := db.Locate(address); got != r.Place {
				t.Errorf("%s: %+v, want %+v", address, got, r.Place)
			}
			if r.Decoy {
				continue
			}
			for bits := range 64 + 1 {
				if address.Is4() && bits > 24 {
					break
				}
				masked, err := address.Prefix(bits)
				if err != nil {
					t.Fatal(err)
				}
				if got := db.Locate(masked.Addr()); got == r.Place {
					t.Errorf("%s masked to %d bits is still in %+v", address, bits, got)
				}
			}
			net, _ := address.Prefix(map[bool]int{true: 24, false: 48}[address.Is4()])
			if cities[net] == nil {
				cities[net] = map[string]bool{}
			}
			cities[net][r.City] = true
		}
	}
	for _, net := range []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8:1::/48"} {
		if n := len(cities[netip.MustParsePrefix(net)]); n < 2 {
			t.Errorf("%s has %d cities, want at least 2", net, n)
		}
	}
}

func TestTheExampleIsTheSameEachTimeAndOpensAsAFile(t *testing.T) {
	t.Parallel()
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := WriteExample(w); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two examples differ")
	}
	file := filepath.Join(t.TempDir(), "example.mmdb")
	if err := os.WriteFile(file, a.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	// What happens to the file afterwards does not matter.
	if err := os.Truncate(file, 10); err != nil {
		t.Fatal(err)
	}
	if got := db.Locate(netip.MustParseAddr("192.0.2.10")).City; got != "Berlin" {
		t.Errorf("city %q", got)
	}
}

// built writes a database with one record for 192.0.2.0/24.
func built(t testing.TB, opts mmdbwriter.Options, record mmdbtype.Map) []byte {
	t.Helper()
	opts.IncludeReservedNetworks, opts.BuildEpoch = true, exampleBuilt
	tree, err := mmdbwriter.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Insert(netipx.PrefixIPNet(netip.MustParsePrefix("192.0.2.0/24")), record); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inCountry(country mmdbtype.DataType) mmdbtype.Map { return mmdbtype.Map{"country": country} }

func TestDatabasesOfOtherKinds(t *testing.T) {
	t.Parallel()
	germany := mmdbtype.Map{"iso_code": mmdbtype.String("DE"), "names": mmdbtype.Map{"de": mmdbtype.String("Deutschland"), "en": mmdbtype.String("Germany")}}
	only := func(language, name string) mmdbtype.Map {
		return mmdbtype.Map{"iso_code": mmdbtype.String("DE"), "names": mmdbtype.Map{mmdbtype.String(language): mmdbtype.String(name)}}
	}
	for _, tc := range []struct {
		name   string
		opts   mmdbwriter.Options
		record mmdbtype.Map
		want   Place
		about  string
	}{
		{"of countries", mmdbwriter.Options{DatabaseType: "GeoLite2-Country"}, inCountry(germany), Place{Country: "Germany"}, "GeoLite2-Country of 2026-01-01, without cities"},
		{"of IPv4", mmdbwriter.Options{DatabaseType: "GeoIP2-City", IPVersion: 4, RecordSize: 32}, inCountry(germany), Place{Country: "Germany"}, "GeoIP2-City of 2026-01-01, without cities"},
		{"without English names", mmdbwriter.Options{DatabaseType: "x"}, inCountry(only("de", "Deutschland")), Place{Country: "DE"}, "x of 2026-01-01, without cities"},
		{"with a name that no store takes", mmdbwriter.Options{DatabaseType: "x"}, inCountry(only("en", "Ger\x00many")), Place{Country: "DE"}, "x of 2026-01-01, without cities"},
		{"with a name without end", mmdbwriter.Options{DatabaseType: "x"}, inCountry(only("en", strings.Repeat("x", 300))), Place{Country: "DE"}, "x of 2026-01-01, without cities"},
	} {
		db, err := Read(built(t, tc.opts, tc.record), tc.name)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, db.Locate(netip.MustParseAddr("192.0.2.10"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		if got := db.About().String(); got != tc.about {
			t.Errorf("%s: %s", tc.name, got)
		}
		if got := db.Locate(netip.MustParseAddr("2001:db8::1")); got != (Place{}) {
			t.Errorf("%s: IPv6 is in %+v", tc.name, got)
		}
	}
}

func TestWhatIsNoDatabaseIsAnErrorWithAHint(t *testing.T) {
	t.Parallel()
	folder, good := t.TempDir(), exampleBytes(t)
	asn := built(t, mmdbwriter.Options{DatabaseType: "GeoLite2-ASN"}, mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64496)})
	flat := built(t, mmdbwriter.Options{DatabaseType: "other country"}, inCountry(mmdbtype.String("DE")))
	endless := built(t, mmdbwriter.Options{DatabaseType: "x", IPVersion: 4, RecordSize: 24}, inCountry(mmdbtype.Map{"iso_code": mmdbtype.String("DE")}))
	copy(endless, []byte{0, 0, 0, 0, 0, 1}) // node 0 leads to itself, and to node 1
	for name, data := range map[string][]byte{
		"empty": {}, "text": []byte("country,city\nGermany,Berlin\n"), "packed": []byte("\x1f\x8b\x08rest"), "zip": []byte("PK\x03\x04rest"),
		"cut": good[:len(good)/2], "asn": asn, "flat": flat, "endless": endless, "torn": append(bytes.Repeat([]byte{0xff}, 300), good[300:]...),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][]string{
		"none":    {"no such file", "hint: name a file in the MaxMind DB format, such as GeoLite2-City.mmdb"},
		".":       {"is a directory", "hint: name a file"},
		"empty":   {"is no database in the MaxMind DB format, or is cut off", "hint: name a file such as GeoLite2-City.mmdb"},
		"text":    {"is no database in the MaxMind DB format"},
		"packed":  {"is no database", "hint: it is packed: unpack it"},
		"zip":     {"is no database", "hint: it is packed: unpack it"},
		"cut":     {"is no database", "cut off"},
		"asn":     {"(GeoLite2-ASN) knows no countries", "hint: a database of cities or countries is needed, such as GeoLite2-City.mmdb"},
		"flat":    {"(other country) is damaged", "hint: "},
		"endless": {"is damaged"},
		"torn":    {"is damaged", "hint: fetch the file anew"},
	} {
		db, err := Open(filepath.Join(folder, name))
		if err == nil || db != nil {
			t.Errorf("%s is taken for a database", name)
			continue
		}
		for _, part := range append(want, "geography: ") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is missing in: %v", name, part, err)
			}
		}
	}
}

func exampleBytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteExample(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A file that has lost its end anywhere is never taken for whole, and one with a
// byte changed neither stops the program nor gives a name that no store takes.
func TestADamagedFileIsAnErrorOrHarmless(t *testing.T) {
	t.Parallel()
	good := exampleBytes(t)
	for n := range len(good) {
		if _, err := Read(good[:n], "cut"); err == nil {
			t.Fatalf("%d of %d bytes are taken for the whole", n, len(good))
		}
		for _, change := range []byte{0x00, 0x3f, 0xff} {
			torn := bytes.Clone(good)
			torn[n] ^= change ^ 0x55
			harmless(t, torn)
		}
	}
}

func harmless(t testing.TB, data []byte) {
	t.Helper()
	db, err := Read(data, "a file")
	if err != nil {
		if !strings.Contains(err.Error(), "\nhint: ") || !strings.HasPrefix(err.Error(), "geography: ") {
			t.Errorf("an error without place or hint: %v", err)
		}
		return
	}
	for _, address := range []string{"192.0.2.10", "203.0.113.200", "2001:db8:1:10:8000::a", "::", "255.255.255.255"} {
		place := db.Locate(netip.MustParseAddr(address))
		if text(place.Country) != place.Country || text(place.City) != place.City {
			t.Errorf("%s is in %q", address, place)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte{})
	f.Add(exampleBytes(f))
	f.Add(built(f, mmdbwriter.Options{DatabaseType: "GeoLite2-ASN", IPVersion: 4, RecordSize: 32}, mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64496)}))
	f.Fuzz(func(t *testing.T, data []byte) { harmless(t, data) })
}

func TestManyMayAskAtOnce(t *testing.T) {
	t.Parallel()
	db, ranges := example(t), ExampleRanges()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 2000 {
				r := ranges[(i+j)%len(ranges)]
				if got := db.Locate(r.Prefix.Addr()); got != r.Place {
					t.Errorf("%s: %+v", r.Prefix, got)
					return
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkLocate(b *testing.B) {
	db, address := example(b), netip.MustParseAddr("192.0.2.10")
	b.ReportAllocs()
	for b.Loop() {
		db.Locate(address)
	}
}
