// Package geo tells in which country and city an address is, by a database in the
// MaxMind DB format: the user's own GeoLite2 or GeoIP2, City, Country or Enterprise,
// or the [Example] that it builds of the ranges for documentation.
//
// It keeps no address, and no error of it names one.
package geo

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Place is where an address is, as well as the database knows. Both names are
// English; either is empty where the database has none.
type Place struct {
	// Country is the country's name, or its code of two letters (ISO 3166-1) where
	// the database has no English name.
	Country string `json:"country"`
	// City is empty where only the country is known.
	City string `json:"city"`
}

// Database is what a database says of itself.
type Database struct {
	// Type is such as "GeoLite2-City".
	Type string
	// Built is when it was made.
	Built time.Time
	// Cities tells that it knows cities, and not only countries.
	Cities bool
}

// DB is a database. Its methods may be called from any goroutine. A nil *DB knows
// no place.
type DB struct {
	reader *maxminddb.Reader
	about  Database
}

// largest is how large a file may be, in bytes: several times what the largest
// database of the kind has today.
const largest = 2 << 30

// Open reads the database in a file whole, so that what later happens to the file
// neither changes an answer nor breaks one. Before it returns, it has looked at
// every record: a file that is missing, none of the format, damaged, or of a kind
// without countries is an error that says which, with a hint.
func Open(path string) (*DB, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("geography: %w\nhint: name a file in the MaxMind DB format, such as GeoLite2-City.mmdb", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, largest+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("geography: %w\nhint: name a file in the MaxMind DB format, such as GeoLite2-City.mmdb", err)
	case len(data) > largest:
		return nil, fmt.Errorf("geography: %s is larger than %d GiB\nhint: name a file in the MaxMind DB format, such as GeoLite2-City.mmdb", path, largest>>30)
	}
	return Read(data, path)
}

// Read takes a database from memory; it keeps data, which must not change any more.
// Its errors are those of [Open], in which name stands for the file.
func Read(data []byte, name string) (*DB, error) {
	reader, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("geography: %s is no database in the MaxMind DB format, or is cut off: %w\nhint: %s", name, err, instead(data))
	}
	db := &DB{reader: reader, about: Database{Type: reader.Metadata.DatabaseType, Built: reader.Metadata.BuildTime().UTC()}}
	seen, err := db.walk()
	switch {
	case err != nil:
		return nil, fmt.Errorf("geography: %s (%s) is damaged: %w\nhint: fetch the file anew", name, visible(db.about.Type), err)
	case seen.countries == 0:
		return nil, fmt.Errorf("geography: %s (%s) knows no countries\nhint: a database of cities or countries is needed, such as GeoLite2-City.mmdb", name, visible(db.about.Type))
	}
	db.about.Cities = seen.cities > 0
	return db, nil
}

// instead says what may be done about a file that is no database.
func instead(data []byte) string {
	const gzip, zip = "\x1f\x8b", "PK"
	if head := string(data[:min(len(data), 2)]); head == gzip || head == zip {
		return "it is packed: unpack it and name the .mmdb file that is in it"
	}
	return "name a file such as GeoLite2-City.mmdb, or fetch it anew"
}

// About is what the database says of itself.
func (db *DB) About() Database { return db.about }

// String is the database in a few words, for logs: "GeoLite2-City of 2026-01-02".
func (d Database) String() string {
	text := visible(d.Type) + " of " + d.Built.Format(time.DateOnly)
	if !d.Cities {
		text += ", without cities"
	}
	return text
}

// Locate tells where an address is. An IPv4 address in IPv6 form is taken for the
// IPv4 address that it is, and a zone does not matter. What the database does not
// know, and no address at all, is nowhere: the zero Place.
func (db *DB) Locate(address netip.Addr) Place {
	if db == nil || !address.IsValid() {
		return Place{}
	}
	// An error, such as that of an IPv6 address in a database of IPv4, names the
	// address, and must not get anywhere.
	place, err := placeOf(db.reader.Lookup(address.Unmap().WithZone("")))
	if err != nil {
		return Place{}
	}
	return place
}

// record is what is read of a database's record.
type record struct {
	Country struct {
		Code  string `maxminddb:"iso_code"`
		Names names  `maxminddb:"names"`
	} `maxminddb:"country"`
	City struct {
		Names names `maxminddb:"names"`
	} `maxminddb:"city"`
}

// names are a place's names by language.
type names struct {
	English string `maxminddb:"en"`
}

func placeOf(found maxminddb.Result) (Place, error) {
	var r record
	if err := found.Decode(&r); err != nil {
		return Place{}, err
	}
	place := Place{Country: text(r.Country.Names.English), City: text(r.City.Names.English)}
	if place.Country == "" {
		place.Country = text(r.Country.Code)
	}
	return place, nil
}

// longestName bounds a name, in bytes.
const longestName = 256

// text is a name that every store and every page takes, or nothing.
func text(name string) string {
	if len(name) > longestName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	return name
}

// visible is text of a file as it may stand in a message.
func visible(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
	if text == "" {
		return "without a type"
	}
	return text[:min(len(text), longestName)]
}

// tally counts what a walk over a database has seen.
type tally struct{ countries, cities int }

// walk looks at every record once: many networks share one. Where a database is
// damaged the library may also panic; that is an error like the others.
func (db *DB) walk() (seen tally, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("reading it fails: %v", cause)
		}
	}()
	known, networks := map[uintptr]struct{}{}, uint(0)
	for network := range db.reader.Networks(maxminddb.IncludeNetworksWithoutData()) {
		if err := network.Err(); err != nil {
			return seen, err
		}
		// A tree of n nodes has n+1 leaves. One whose nodes lead back to earlier ones
		// has no end.
		if networks++; networks > db.reader.Metadata.NodeCount+1 {
			return seen, errors.New("its search tree leads back into itself")
		}
		if _, before := known[network.Offset()]; before || !network.Found() {
			continue
		}
		known[network.Offset()] = struct{}{}
		place, err := placeOf(network)
		if err != nil {
			return seen, err
		}
		if place.Country != "" {
			seen.countries++
		}
		if place.City != "" {
			seen.cities++
		}
	}
	return seen, nil
}
