package tracker_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

func TestBundleIsTheSameEachTimeAndBelongsToTheCaller(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	first, err := tracker.Bundle("mapp", tracker.Options{})
	expect.Expect(err).NotTo(HaveOccurred())
	sum := sha256.Sum256(first.Source)
	expect.Expect(first.SHA256).To(Equal(hex.EncodeToString(sum[:])))
	first.Source[0] = 'X'
	second, err := tracker.Bundle("mapp", tracker.Options{})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(second.SHA256).To(Equal(first.SHA256))
	expect.Expect(second.Source[0]).NotTo(Equal(byte('X')))
	patched, err := tracker.Bundle("mapp", tracker.Options{Patches: []tracker.Patch{{File: "mapp.js", Find: `"miCookieOptOut"`, Replace: `"other"`}}})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(string(patched.Source)).To(ContainSubstring(`"other"`))
	expect.Expect(patched.SHA256).NotTo(Equal(first.SHA256))
}

func TestBundleMinifies(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	readable, err := tracker.Bundle("mapp", tracker.Options{})
	expect.Expect(err).NotTo(HaveOccurred())
	short, err := tracker.Bundle("mapp", tracker.Options{Minify: true})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(readable.Name).To(Equal("mapp.js"))
	expect.Expect(short.Name).To(Equal("mapp.min.js"))
	expect.Expect(len(short.Source)).To(BeNumerically("<", len(readable.Source)))
}

func TestBundleRefuses(t *testing.T) {
	t.Parallel()
	patch := func(file, find, replace string) tracker.Options {
		return tracker.Options{Patches: []tracker.Patch{{File: file, Find: find, Replace: replace}}}
	}
	for _, c := range []struct {
		name, vendor string
		options      tracker.Options
		message      string
	}{
		{"unknown vendor", "map", tracker.Options{}, "no reference tracker for \"map\"\nhint: there is one for antsomi, mapp, piwikpro"},
		{"a vendor's part", "mapp/hit", tracker.Options{}, "no reference tracker"},
		{"unknown file", "mapp", patch("mapp/hot.js", "x", "y"), "patch does not fit: no source mapp/hot.js"},
		{"nothing found", "mapp", patch("mapp.js", "nowhere at all", ""), "patch does not fit: mapp.js holds \"nowhere at all\" 0 times, want once"},
		{"found twice", "mapp", patch("mapp.js", "import", ""), "times, want once"},
		{"empty find", "mapp", patch("mapp.js", "", "x"), "times, want once"},
		{"broken source", "mapp", patch("mapp.js", "takeOver(\"wtSmart\", {", "takeOver("), "bundle tracker mapp: "},
		{"missing module", "mapp", patch("mapp.js", "./core/queue.js", "./core/row.js"), "no source core/row.js"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := tracker.Bundle(c.vendor, c.options)
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.message)))
		})
	}
}
