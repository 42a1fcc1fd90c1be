package check

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestWordsAreNoIdentifiers(t *testing.T) {
	t.Parallel()
	for _, word := range strings.Fields(`products homepage miCookieOptOut anonymousCookieName enableAnonymousFunction temporarySessionId
		userIdentification suppressParameter consentState anonymousTrackingEnabled localStorage sessionStorage granted denied pageview
		returning visitor identified javascript application step3 serviceWorker checkout newsletter requestQueue activated
		Entscheidung Kundennummer Bestellung utilisateur consentement preferences analytics marketing necessary functional`) {
		if !wordy(word) {
			t.Errorf("%s is made of words", word)
		}
	}
}

func TestRandomRunsAreNoWords(t *testing.T) {
	t.Parallel()
	const n = 20_000
	random := rand.New(rand.NewPCG(1, 1))
	for name, test := range map[string]struct {
		alphabet string
		length   int
		most     float64 // the share that may pass for words
	}{
		"hex":               {"0123456789abcdef", 8, 0.002},
		"long hex":          {"0123456789abcdef", 16, 0},
		"base 36":           {"0123456789abcdefghijklmnopqrstuvwxyz", 13, 0.003},
		"base 62":           {"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 10, 0.004},
		"letters":           {"abcdefghijklmnopqrstuvwxyz", 12, 0.01},
		"both cases":        {"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 10, 0.01},
		"letters and digit": {"abcdefghijklmnopqrstuvwxyz0123456789", 8, 0.02},
	} {
		wrong := 0
		for range n {
			run := make([]byte, test.length)
			for i := range run {
				run[i] = test.alphabet[random.IntN(len(test.alphabet))]
			}
			if wordy(string(run)) {
				wrong++
			}
		}
		if share := float64(wrong) / n; share > test.most {
			t.Errorf("%s: %.2f %% pass for words", name, 100*share)
		}
	}
}

func TestBits(t *testing.T) {
	t.Parallel()
	for run, want := range map[string][2]float64{
		"": {0, 0}, "1": {0, 0.1}, "11111111111111111": {0, 0}, "1000000000": {0, 20}, "products": {15, 17},
		"1772366400": {32, 34}, "9f86d081": {32, 32.1}, "K7pQx2": {35, 37}, "7be02f5a91d3c684": {63, 65},
		"qxkzvwjpfh": {46, 48}, strconv.Itoa(8273640192): {32, 34}, "ßäöü€∂": {30, 40},
	} {
		if got := bits(run); got < want[0] || got > want[1] {
			t.Errorf("%q tells %.1f bits, want %.0f to %.0f", run, got, want[0], want[1])
		}
	}
}
