package geo

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go4.org/netipx"
)

// Range is a range of addresses and where it is.
type Range struct {
	// Prefix holds the addresses.
	Prefix netip.Prefix
	Place
	// Code is the country's code.
	Code string
	// Decoy tells that the range is only there to be found by who looks for an
	// address with parts of it set to zero: no visitor comes from there.
	Decoy bool
}

// ExampleRanges are the ranges of the [Example], in ascending order within IPv4 and
// within IPv6. All lie within the ranges for documentation (RFC 5737, RFC 3849), so
// that no real address is anywhere. Whatever part of an address is set to zero (the
// last octet, the last two, all; of IPv6 all but 64, 48 or 32 bits, or all), the
// answer for it is another one, or none: only the full address gives the right one.
func ExampleRanges() []Range {
	reykjavik := Place{"Iceland", "Reykjavik"}
	berlin, hamburg := Place{"Germany", "Berlin"}, Place{"Germany", "Hamburg"}
	lyon, madrid, osaka := Place{"France", "Lyon"}, Place{"Spain", "Madrid"}, Place{"Japan", "Osaka"}
	of := func(prefix, code string, place Place) Range {
		return Range{Prefix: netip.MustParsePrefix(prefix), Place: place, Code: code, Decoy: place == reykjavik}
	}
	return []Range{
		of("192.0.2.0/29", "IS", reykjavik),
		of("192.0.2.8/29", "DE", berlin),
		of("192.0.2.16/28", "DE", hamburg),
		of("192.0.2.32/27", "DE", Place{Country: "Germany"}),
		of("192.0.2.64/26", "FR", lyon),
		of("192.0.2.128/25", "PL", Place{"Poland", "Wrocław"}),
		of("198.51.100.16/28", "GB", Place{"United Kingdom", "London"}),
		of("198.51.100.32/27", "IT", Place{"Italy", "Rome"}),
		of("198.51.100.64/26", "US", Place{"United States", "New York"}),
		of("198.51.100.128/25", "JP", osaka),
		of("203.0.113.16/28", "ES", madrid),
		of("203.0.113.32/27", "PT", Place{"Portugal", "Porto"}),
		of("203.0.113.64/26", "SE", Place{"Sweden", "Malmö"}),
		// Of this country the database knows the code only.
		of("203.0.113.128/25", "NO", Place{"NO", "Bergen"}),
		of("2001:db8::/48", "IS", reykjavik),
		of("2001:db8:1:10::/65", "IS", reykjavik),
		of("2001:db8:1:10:8000::/65", "DE", berlin),
		of("2001:db8:1:20:8000::/65", "DE", hamburg),
		of("2001:db8:1:30:8000::/65", "ES", madrid),
		of("2001:db8:2:10:8000::/65", "FR", lyon),
		of("2001:db8:2:20:8000::/65", "JP", osaka),
	}
}

// exampleType is what the example calls itself, and exampleBuilt when it says that
// it was made, in seconds since 1970: the same each time, so that its bytes are.
const (
	exampleType  = "Example-City"
	exampleBuilt = 1_767_225_600 // 2026-01-01
)

// Example returns a small database of the [ExampleRanges], built in memory.
func Example() (*DB, error) {
	var b bytes.Buffer
	if err := WriteExample(&b); err != nil {
		return nil, err
	}
	return Read(b.Bytes(), "the example")
}

// WriteExample writes the file of the [Example], in the MaxMind DB format. It is the
// same, byte for byte, each time.
func WriteExample(w io.Writer) error {
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: exampleType, BuildEpoch: exampleBuilt, Languages: []string{"en"}, RecordSize: 24,
		Description: map[string]string{"en": "example of pixelwitness: ranges for documentation"},
		// The ranges for documentation are among the reserved ones.
		IncludeReservedNetworks: true,
	})
	if err != nil {
		return fmt.Errorf("build the example of geography: %w", err)
	}
	for _, r := range ExampleRanges() {
		if err := tree.Insert(netipx.PrefixIPNet(r.Prefix), r.record()); err != nil {
			return fmt.Errorf("build the example of geography: %s: %w", r.Prefix, err)
		}
	}
	if _, err := tree.WriteTo(w); err != nil {
		return fmt.Errorf("write the example of geography: %w", err)
	}
	return nil
}

// record is the range as a database of cities has it.
func (r Range) record() mmdbtype.Map {
	country := mmdbtype.Map{"iso_code": mmdbtype.String(r.Code)}
	if r.Country != r.Code {
		country["names"] = english(r.Country)
	}
	record := mmdbtype.Map{"country": country}
	if r.City != "" {
		record["city"] = mmdbtype.Map{"names": english(r.City)}
	}
	return record
}

func english(name string) mmdbtype.Map { return mmdbtype.Map{"en": mmdbtype.String(name)} }
