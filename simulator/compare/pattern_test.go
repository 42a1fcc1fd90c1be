package compare

import (
	"testing"
	"time"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func joined(values ...string) pattern {
	p := read(values[0], now)
	for i, v := range values[1:] {
		p = join(p, read(v, now.Add(time.Duration(i+1)*time.Minute)))
	}
	return p
}

func TestWhatVariesIsNamedByItsKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []string
		want   string
	}{
		{[]string{"User cat 5", "User cat 5"}, "User cat 5"},
		{[]string{"2179530393113008926", "2179530393237094422"}, "<number of 19 digits>"},
		{[]string{"600,home,1,1772366400000,0", "600,home,1,1772366460123,0"}, "600,home,1,<time in ms>,0"},
		{[]string{"1772366400000"}, "<time in ms>"},
		{[]string{"1772366400"}, "<time in s>"},
		{[]string{"1111111111111"}, "1111111111111"}, // in 2005
		{[]string{"111111111111111%2C4%2C1772366400000", "111111111111111%2C5%2C1772366400000"}, "111111111111111%2C<digit>%2C<time in ms>"},
		{[]string{"7", "12"}, "<number>"},
		{[]string{"deadbeef01", "01234567ff"}, "<10 hex digits>"},
		{[]string{"ab12", "abc12"}, "<hex digits>"},
		{[]string{"GA1.zz9", "GA1.zz8"}, "GA1.<3 letters and digits>"},
		{[]string{"x1yzt", "x1yz"}, "<letters and digits>"},
		{[]string{"9b2e1c3a-1111-4222-8333-444455556666", "00000000-1111-4222-8333-444455556667"}, "<UUID>"},
		{[]string{"a b", "a b c"}, "<varying text>"},
		{[]string{"a-b", "a+b"}, "a<varying text>b"},
		{[]string{"", ""}, ""},
		{[]string{"", "1"}, "<varying text>"},
	} {
		if got := joined(c.values...).String(); got != c.want {
			t.Errorf("%q: got %s, want %s", c.values, got, c.want)
		}
	}
}

func TestOnlyWhatIsNotChanceDiffers(t *testing.T) {
	t.Parallel()
	id := []string{"2179530393113008926", "2179530393237094422"}
	for _, c := range []struct {
		name string
		a, b []string
		want bool
	}{
		{"the same text", []string{"home"}, []string{"home"}, true},
		{"another text", []string{"home"}, []string{"start"}, false},
		{"other IDs of the same make", id, []string{"2000000000113008926", "2999999999237094422"}, true},
		{"shorter IDs", id, []string{"217953039311300", "217953039323709"}, false},
		{"IDs of hex digits", []string{"deadbeef01", "01234567ff"}, []string{"deadbeef0x", "01234567fz"}, false},
		{"an ID that never varies", id, []string{"2179530393113008926", "2179530393113008926"}, false},
		{"a counter that happened to stand still", []string{"7", "8"}, []string{"9", "9"}, true},
		{"a counter and a word", []string{"7", "8"}, []string{"x", "x"}, false},
		{"other times", []string{"1772366400000", "1772366460000"}, []string{"1772366400001"}, true},
		{"a time and another number", []string{"1772366400000"}, []string{"1"}, false},
		{"a time in seconds and one in milliseconds", []string{"1772366400000"}, []string{"1772366400"}, false},
		{"empty and not", []string{""}, []string{"1"}, false},
		{"more parts", []string{"a,b"}, []string{"a,b,c"}, false},
		{"text that varies in every way", []string{"a", "b c"}, []string{"zzz"}, true},
	} {
		a, b := joined(c.a...), joined(c.b...)
		if alike(a, b) != c.want || alike(b, a) != c.want {
			t.Errorf("%s: %s and %s: want %t", c.name, a, b, c.want)
		}
	}
}

func FuzzReadKeepsTheValue(f *testing.F) {
	for _, seed := range []string{"", "a,b", "%2C", "9b2e1c3a-1111-4222-8333-444455556666", "\xff=\x00", "1x"} {
		f.Add(seed)
	}
	long := now.AddDate(50, 0, 0) // nothing is taken for a time
	f.Fuzz(func(t *testing.T, value string) {
		p := read(value, long)
		whole := ""
		for _, tok := range p {
			if tok.kind.class == literal {
				whole += tok.text
			} else {
				return
			}
		}
		if whole != value {
			t.Errorf("%q became %q", value, whole)
		}
		if !alike(p, p) {
			t.Errorf("%q is not like itself", value)
		}
	})
}
