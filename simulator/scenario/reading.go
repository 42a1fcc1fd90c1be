package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The readings of documents: where a wording can be understood in more than one way,
// each way has a word.
const (
	ReadingTemporaryCookie = "temporary-cookie"

	AfterItWasSet     = "after-it-was-set"
	AfterTheLastEvent = "after-the-last-event"
)

// Reading is a wording of a document that can be understood in more than one way.
type Reading struct {
	Word
	// Ways lists how; the first is the wording itself, and what a pixel is held to
	// that says nothing.
	Ways []Word
}

// Readings returns the wordings that can be read in more than one way.
func Readings() []Reading {
	return []Reading{{
		Word: Word{Name: ReadingTemporaryCookie, Meaning: "when the temporary cookie of an anonymous session is deleted, \"30 minutes later\""},
		Ways: []Word{
			{Name: AfterItWasSet, Meaning: "30 minutes after it was set, whatever the visitor does"},
			{Name: AfterTheLastEvent, Meaning: "30 minutes after the visitor's last event"},
		},
	}}
}

func readingWords() []Word {
	var words []Word
	for _, r := range Readings() {
		words = append(words, r.Word)
	}
	return words
}

func waysOf(name string) []Word {
	i := slices.IndexFunc(Readings(), func(r Reading) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return Readings()[i].Ways
}

// checkReadings refuses unknown readings at the key, "reading" or "readings".
func (s *source) checkReadings(key string, readings map[string]string) {
	for _, name := range sortedKeys(readings) {
		at := key + "." + name
		ways := waysOf(name)
		if ways == nil {
			s.rejectKeyOrValue(at, suggest(name, names(readingWords())), "unknown reading %s", shown(name))
			continue
		}
		s.checkWord(at, "way to read "+name, readings[name], ways)
	}
}

// Reading returns how the pixel reads a wording; the document's own way where it
// says nothing.
func (p *Pixel) Reading(name string) string {
	if way := p.Readings[name]; way != "" {
		return way
	}
	if ways := waysOf(name); ways != nil {
		return ways[0].Name
	}
	return ""
}

// WithReadings returns a copy of the pixel that reads its document otherwise. The
// readings are the command's: each is NAME=WAY. An unknown one, and one of which the
// pixel's own description says nothing, are errors.
func (p *Pixel) WithReadings(readings []string) (*Pixel, error) {
	if len(readings) == 0 {
		return p, nil
	}
	changed := *p
	changed.Readings = maps.Clone(p.Readings)
	for _, text := range readings {
		name, way, ok := strings.Cut(text, "=")
		switch {
		case !ok:
			return nil, fmt.Errorf("%s is no reading\nhint: such as %s=%s", shown(text), ReadingTemporaryCookie, AfterTheLastEvent)
		case waysOf(name) == nil:
			return nil, fmt.Errorf("unknown reading %s\nhint: %s", shown(name), suggest(name, names(readingWords())))
		case p.Readings[name] == "":
			return nil, fmt.Errorf("the pixel %s has no reading %s to choose\nhint: name it under \"readings\" at %s", p.Name, shown(name), p.where("readings"))
		}
		if _, ok := find(waysOf(name), way); !ok {
			return nil, fmt.Errorf("unknown way to read %s: %s\nhint: %s", name, shown(way), suggest(way, names(waysOf(name))))
		}
		changed.Readings[name] = way
	}
	return &changed, nil
}

// ReadAs tells whether the scenario is one for the pixel's reading of its document;
// where it is not, it gives the first reading that differs, as NAME=WAY.
func (sc *Scenario) ReadAs(p *Pixel) (wants string, ok bool) {
	for _, name := range sortedKeys(sc.Reading) {
		if p.Reading(name) != sc.Reading[name] {
			return name + "=" + sc.Reading[name], false
		}
	}
	return "", true
}

// For returns the pixel as the scenario reads its document, where it can be read so;
// the pixel itself otherwise.
func (p *Pixel) For(sc *Scenario) *Pixel {
	read := p
	for _, name := range sortedKeys(sc.Reading) {
		way := sc.Reading[name]
		if p.Readings[name] == "" || p.Readings[name] == way {
			continue
		}
		if read == p {
			changed := *p
			changed.Readings = maps.Clone(p.Readings)
			read = &changed
		}
		read.Readings[name] = way
	}
	return read
}
