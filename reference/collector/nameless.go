package collector

import (
	"fmt"
	"log/slog"
	"regexp"
	"runtime"
	"strings"
)

// What goes to the log names no address: neither the server's own lines, which tell from
// whom a connection was, nor a panic's, whose stack holds what functions were called with.

// addressLike finds what may be an address, with or without port.
var addressLike = regexp.MustCompile(`\[?[0-9A-Fa-f:.]*[:.][0-9A-Fa-f:.]*[0-9A-Fa-f:](%[0-9A-Za-z]+)?\]?(:[0-9]+)?`)

// nameless is a text without addresses.
func nameless(text string) string {
	return addressLike.ReplaceAllStringFunc(text, func(found string) string {
		bare := strings.TrimRight(found, ":.")
		switch {
		case addressIn(found).IsValid():
			return "(address)"
		case addressIn(bare).IsValid():
			return "(address)" + found[len(bare):]
		}
		return found
	})
}

// namelessLog is where the server writes what it has to say, a line at a time.
type namelessLog struct{ log *slog.Logger }

// Write logs the first line of a message: what may follow is a stack.
func (l namelessLog) Write(message []byte) (int, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(string(message)), "\n")
	l.log.Warn(nameless(first))
	return len(message), nil
}

// maxStack bounds the functions that are told of a panic.
const maxStack = 64

// callers are the functions that are being called, without what they were called with.
func callers() string {
	places := make([]uintptr, maxStack)
	frames := runtime.CallersFrames(places[:runtime.Callers(2, places)])
	var text strings.Builder
	for {
		frame, more := frames.Next()
		fmt.Fprintf(&text, "%s %s:%d\n", frame.Function, frame.File, frame.Line)
		if !more {
			return text.String()
		}
	}
}
