package main

import (
	"strings"
	"testing"
)

// Flags that choose what is judged, and what is searched, are refused before anything
// is run where they could have no effect.
func TestReadingsAndKeptFilesThatMeanNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		want string
		args []string
	}{
		{"--reading: the pixel demo has no reading \"temporary-cookie\" to choose\nhint: name it under \"readings\"", onDemo("run", "--reading", "temporary-cookie=after-the-last-event")},
		{"--reading: \"temporary-cookie\" is no reading\nhint: such as temporary-cookie=after-the-last-event", onDemo("run", "--reading", "temporary-cookie")},
		{"--reading: unknown reading \"cookie\"", onDemo("run", "--reading", "cookie=long")},
		{"--kept names the files of the collector that --collector names, and there is none\nhint: the reference's own are searched without it", onDemo("run", "--kept", "reading_test.go")},
		{"--kept: stat nothing.db: no such file or directory\nhint: name the file of the collector's store, its log, or their folder", onDemo("run", "--kept", "nothing.db", "--collector", "http://127.0.0.1:1")},
	} {
		if end := do(t, test.args...).want(t, exitUsage); !strings.Contains(end.err, test.want) {
			t.Errorf("%v: got\n%s\nwant\n%s", test.args, end.err, test.want)
		}
	}
}

func TestListsNameTheReadings(t *testing.T) {
	t.Parallel()
	if end := do(t, "list", "pixels").want(t, exitConformant); !strings.Contains(end.out, "(temporary-cookie: after-it-was-set)") {
		t.Errorf("got\n%s", end.out)
	}
}
