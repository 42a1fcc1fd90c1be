package check

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// enough is how many bits tell one person from all others: 2^32 is more than half
// of the people there are.
const enough = 28.0

// bits estimates how many bits a run of letters and digits tells, by its alphabet
// and length. A word tells less than as many random letters, and what repeats a
// few characters tells little.
func bits(run string) float64 {
	if run == "" {
		return 0
	}
	if wordy(run) {
		letters, digits := lettersAndDigits(run)
		return 2*float64(letters) + math.Log2(10)*float64(digits)
	}
	return float64(utf8.RuneCountInString(run)) * perCharacter(run)
}

// perCharacter estimates the bits of each character of a run that is no word.
func perCharacter(run string) float64 {
	var digit, hex, lower, upper, other bool
	distinct := map[rune]bool{}
	hex = true
	for _, c := range run {
		distinct[c] = true
		switch {
		case c >= '0' && c <= '9':
			digit = true
		case c >= 'a' && c <= 'z':
			lower = true
			hex = hex && c <= 'f'
		case c >= 'A' && c <= 'Z':
			upper = true
			hex = hex && c <= 'F'
		default:
			other = true
		}
	}
	alphabet := 0
	switch {
	case hex && digit && lower != upper && !other:
		alphabet = 16
	default:
		for _, class := range []struct {
			there bool
			size  int
		}{{digit, 10}, {lower, 26}, {upper, 26}, {other, 64}} {
			if class.there {
				alphabet += class.size
			}
		}
	}
	// A random text of any alphabet has five different characters soon.
	variety := min(1, float64(len(distinct))/float64(min(utf8.RuneCountInString(run), 5)))
	if len(distinct) == 1 {
		variety = 0
	}
	return math.Log2(float64(alphabet)) * variety
}

func lettersAndDigits(run string) (letters, digits int) {
	for _, c := range run {
		if c >= '0' && c <= '9' {
			digits++
		} else {
			letters++
		}
	}
	return letters, digits
}

// commonPairs are the pairs of letters that most words of European languages, and
// of programs, are made of. Of random letters about one pair in five is among them.
var commonPairs = func() map[string]bool {
	pairs := map[string]bool{}
	for pair := range strings.FieldsSeq(`th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se
		ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr
		no ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im
		mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag if
		ap gr od bo sp rd do uc bu ei ov by pt ok ki ck up ue va sc cr ip ew tt sl nn mm um qu`) {
		pairs[pair] = true
	}
	return pairs
}()

// wordy tells whether a run of letters and digits is made of words, such as
// "miCookieOptOut" or "html5", rather than drawn at random. It may begin or end
// with up to three digits.
func wordy(run string) bool {
	letters, digits := lettersAndDigits(run)
	inner := strings.Trim(run, "0123456789")
	if letters < 3 || digits > 3 || utf8.RuneCountInString(inner) != letters || len(inner) < len(run) && digit(run[0]) && digit(run[len(run)-1]) {
		return false
	}
	// Random letters of both cases come in many short words, or with capitals inside.
	if strings.ToUpper(run) != run && twoCapitals(run) {
		return false
	}
	pairs, common, words := 0, 0, 0
	for _, word := range wordsOf(run) {
		words++
		for i := 0; i+1 < len(word); i++ {
			pairs++
			if commonPairs[word[i:i+2]] {
				common++
			}
		}
	}
	return float64(letters) >= 2.5*float64(words) && float64(common) >= 0.65*float64(pairs)
}

func twoCapitals(run string) bool {
	for i := 0; i+1 < len(run); i++ {
		if run[i] >= 'A' && run[i] <= 'Z' && run[i+1] >= 'A' && run[i+1] <= 'Z' {
			return true
		}
	}
	return false
}

// wordsOf parts a run at its digits and where its case rises, in lower case.
func wordsOf(run string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	var last rune
	for _, c := range run {
		if !unicode.IsLetter(c) {
			end()
			last = c
			continue
		}
		if unicode.IsUpper(c) && !unicode.IsUpper(last) {
			end()
		}
		word.WriteRune(unicode.ToLower(c))
		last = c
	}
	end()
	return words
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// runsOf returns the longest runs of letters and digits of a text.
func runsOf(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c < 0x80 && !isWordByte(byte(c)) })
}
