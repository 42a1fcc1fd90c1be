package evidence

import (
	"reflect"
	"time"
	"unicode/utf8"
)

// rewriter copies a value deeply and passes every text in it through text, every
// Bytes through bytes. A text is named by the type and field that holds it, such
// as "Request.URL", so that what a type gains later is rewritten too.
type rewriter struct {
	text  func(field, value string) string
	bytes func(field string, value []byte) []byte
}

// rewrite returns the rewritten deep copy of v.
func rewrite[T any](v T, r rewriter) T {
	in := reflect.ValueOf(&v).Elem()
	out := reflect.New(in.Type()).Elem()
	r.copy(out, in, in.Type().Name())
	return out.Interface().(T)
}

func (r rewriter) copy(out, in reflect.Value, field string) {
	switch {
	case in.Type() == reflect.TypeFor[time.Time]():
		out.Set(in)
	case in.Kind() == reflect.String:
		out.SetString(r.text(field, in.String()))
	case in.Kind() == reflect.Pointer:
		if !in.IsNil() {
			out.Set(reflect.New(in.Type().Elem()))
			r.copy(out.Elem(), in.Elem(), field)
		}
	case in.Type() == reflect.TypeFor[Bytes](), in.Type() == reflect.TypeFor[Packed]():
		if r.bytes != nil && !in.IsNil() {
			out.SetBytes(r.bytes(field, in.Bytes()))
		} else {
			out.Set(in)
		}
	case in.Kind() == reflect.Struct:
		for i := range in.NumField() {
			r.copy(out.Field(i), in.Field(i), in.Type().Name()+"."+in.Type().Field(i).Name)
		}
	case in.Kind() == reflect.Slice:
		if in.IsNil() {
			return
		}
		out.Set(reflect.MakeSlice(in.Type(), in.Len(), in.Len()))
		for i := range in.Len() {
			r.copy(out.Index(i), in.Index(i), field)
		}
	case in.Kind() == reflect.Map:
		if in.IsNil() {
			return
		}
		out.Set(reflect.MakeMapWithSize(in.Type(), in.Len()))
		for entry := in.MapRange(); entry.Next(); {
			key, value := reflect.New(in.Type().Key()).Elem(), reflect.New(in.Type().Elem()).Elem()
			r.copy(key, entry.Key(), field)
			r.copy(value, entry.Value(), field)
			out.SetMapIndex(key, value)
		}
	default:
		out.Set(in)
	}
}

// JSON text is UTF-8, what browsers send is not always. In a file, a byte of a
// text that is not part of valid UTF-8 stands as the private-use character
// U+10FE00 plus the byte, and those characters themselves, should they ever
// occur, stand as their bytes. So every text comes back as it was.
const strayByte rune = 0x10FE00

func isStrayByte(c rune) bool { return c >= strayByte && c <= strayByte+0xFF }

func escapeText(_, s string) string {
	clean := true
	for i, c := range s {
		if isStrayByte(c) || c == utf8.RuneError && isInvalid(s[i:]) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	out := make([]rune, 0, len(s))
	for len(s) > 0 {
		c, size := utf8.DecodeRuneInString(s)
		if isStrayByte(c) || c == utf8.RuneError && size == 1 {
			for _, b := range []byte(s[:size]) {
				out = append(out, strayByte+rune(b))
			}
		} else {
			out = append(out, c)
		}
		s = s[size:]
	}
	return string(out)
}

func isInvalid(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func unescapeText(_, s string) string {
	out := make([]byte, 0, len(s))
	for _, c := range s {
		if isStrayByte(c) {
			out = append(out, byte(c-strayByte))
		} else {
			out = utf8.AppendRune(out, c)
		}
	}
	return string(out)
}
