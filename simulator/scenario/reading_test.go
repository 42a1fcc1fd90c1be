package scenario

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestHowAPixelReadsItsDocument(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	pixel := &Pixel{Name: "demo", Readings: map[string]string{ReadingTemporaryCookie: AfterItWasSet}}
	other := &Scenario{Reading: map[string]string{ReadingTemporaryCookie: AfterTheLastEvent}}
	g.Expect((&Pixel{}).Reading(ReadingTemporaryCookie)).To(Equal(AfterItWasSet), "the wording itself, where nothing is said")
	g.Expect((&Pixel{}).Reading("something")).To(BeEmpty())

	wants, ok := other.ReadAs(pixel)
	g.Expect(ok).To(BeFalse())
	g.Expect(wants).To(Equal("temporary-cookie=after-the-last-event"))
	_, ok = (&Scenario{}).ReadAs(pixel)
	g.Expect(ok).To(BeTrue(), "a scenario that chooses no reading fits each")

	read, err := pixel.WithReadings([]string{"temporary-cookie=after-the-last-event"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.Reading(ReadingTemporaryCookie)).To(Equal(AfterTheLastEvent))
	g.Expect(pixel.Reading(ReadingTemporaryCookie)).To(Equal(AfterItWasSet), "the pixel itself stays as it is")
	_, ok = other.ReadAs(read)
	g.Expect(ok).To(BeTrue())
	g.Expect(pixel.WithReadings(nil)).To(BeIdenticalTo(pixel))

	g.Expect(pixel.For(other).Reading(ReadingTemporaryCookie)).To(Equal(AfterTheLastEvent))
	g.Expect(pixel.Reading(ReadingTemporaryCookie)).To(Equal(AfterItWasSet))
	g.Expect(pixel.For(&Scenario{})).To(BeIdenticalTo(pixel))
	silent := &Pixel{}
	g.Expect(silent.For(other)).To(BeIdenticalTo(silent), "a pixel without a choice has none")

	for reading, problem := range map[string]string{
		"temporary-cookie":                  `"temporary-cookie" is no reading`,
		"temporary-cookies=after-a-while":   "unknown reading \"temporary-cookies\"\nhint: did you mean \"temporary-cookie\"?",
		"temporary-cookie=after-it-was-sat": "unknown way to read temporary-cookie: \"after-it-was-sat\"\nhint: did you mean \"after-it-was-set\"?",
	} {
		_, err := pixel.WithReadings([]string{reading})
		g.Expect(err).To(MatchError(ContainSubstring(problem)))
	}
	_, err = silent.WithReadings([]string{"temporary-cookie=after-the-last-event"})
	g.Expect(err).To(MatchError(ContainSubstring("has no reading \"temporary-cookie\" to choose\nhint: name it under \"readings\"")))
}
