package model

import (
	"strconv"
	"strings"
)

// Refusal says why a delivery is refused; "" when it is not (rule 3). The words
// are the model's own.
func Refusal(d Delivery) string {
	switch {
	case d.Identify == "":
		return ""
	case d.UID == "":
		return "no user ID"
	case strings.Contains(d.Identify, "@"):
		return "a raw e-mail address"
	case telephone(d.Identify):
		return "a raw telephone number"
	case d.Customers["email"] == d.Identify, d.Customers["phone"] == d.Identify, d.Customers["name"] == d.Identify:
		return "a raw value of the customer's"
	case d.Customers["customer_id"] != "" && d.Customers["customer_id"] != d.Identify:
		return "two customer IDs"
	case !milliseconds(d.IdentifyTime):
		return "no time of identification"
	}
	return ""
}

// telephone tells what looks like a telephone number: an optional plus, then
// digits and separators, 7 to 15 digits of them.
func telephone(text string) bool {
	rest := strings.TrimPrefix(text, "+")
	if strings.Trim(rest, "0123456789 -./()") != "" {
		return false
	}
	digits := 0
	for _, r := range rest {
		if '0' <= r && r <= '9' {
			digits++
		}
	}
	return digits >= 7 && digits <= 15
}

// milliseconds tells whether the text is a time in ms since 1970 with 13 digits,
// as those of the years 2001 to 2286 have.
func milliseconds(text string) bool {
	return len(text) == 13 && strings.Trim(text, "0123456789") == ""
}

// identified is when a delivery that is not refused identifies its customer.
func identified(d Delivery) int64 {
	n, err := strconv.ParseInt(d.IdentifyTime, 10, 64)
	if err != nil {
		return 0 // Refusal lets none pass
	}
	return n
}
