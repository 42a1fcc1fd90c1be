package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Amount is how much a record grows: a whole number such as 2, or, of a time, a
// span such as 10m. The zero Amount says nothing.
type Amount struct {
	// Text is the amount as written.
	Text string
	// Count is the number, from 1, Span the time; one of them is set.
	Count int64
	Span  time.Duration
}

// amountPattern is what stands for an amount in a file.
var amountPattern = regexp.MustCompile(`^([1-9][0-9]{0,6}|` + lifetimePattern.String()[1:len(lifetimePattern.String())-1] + `)$`)

// ParseAmount reads a whole number from 1 or a span.
func ParseAmount(text string) (Amount, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && amountPattern.MatchString(text) {
		return Amount{Text: text, Count: n}, nil
	}
	span, err := ParseLifetime(text)
	if err != nil {
		return Amount{}, fmt.Errorf("neither a whole number nor a span: %s", shown(text))
	}
	return Amount{Text: text, Span: span.Span()}, nil
}

// IsZero tells that nothing is said.
func (a Amount) IsZero() bool { return a == Amount{} }

// String returns the amount as written.
func (a Amount) String() string { return a.Text }

// MarshalText writes the amount as it was written.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.Text), nil }

// UnmarshalText reads an amount; see [ParseAmount]. Empty text is the zero Amount.
func (a *Amount) UnmarshalText(text []byte) error {
	*a = Amount{}
	if len(text) == 0 {
		return nil
	}
	parsed, err := ParseAmount(string(text))
	if err == nil {
		*a = parsed
	}
	return err
}

const amountHint = "a whole number such as 2, or a span such as 10m"
