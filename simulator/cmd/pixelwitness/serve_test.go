package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/geo"
)

// A token is read from where the flags say, or the command says what is wrong.
func TestServeReadsItsToken(t *testing.T) {
	t.Setenv("COLLECTOR_TOKEN", " s3cret\n")
	t.Setenv("EMPTY_TOKEN", "")
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("of a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		from        serving
		token, want string
	}{
		{serving{}, "", ""},
		{serving{tokenEnv: "COLLECTOR_TOKEN"}, "s3cret", ""},
		{serving{tokenFile: file}, "of a file", ""},
		{serving{tokenEnv: "EMPTY_TOKEN"}, "", "--token-env EMPTY_TOKEN: there is no token in it"},
		{serving{tokenFile: file + "none"}, "", "no such file"},
	} {
		token, err := test.from.token()
		if token != test.token || (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || !isUsage(err)) {
			t.Errorf("%+v: %q, %v", test.from, token, err)
		}
	}
}

// What is wrong with a store is told, its password is not.
func TestServeNamesAStoreWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, store := range []string{
		"postgres://collector:pa55word@127.0.0.1:1/hits", "postgres://127.0.0.1:1/hits?user=c&password=pa55word", "postgres://c:pa55word@127.0.0.1:none/hits",
	} {
		var out bytes.Buffer
		code := run(t.Context(), []string{"serve", "--listen", "127.0.0.1:0", "--store", store}, streams{strings.NewReader(""), &out, &out})
		if text := out.String(); code != 2 || !strings.Contains(text, "--store: open the collector's store: postgres://") || strings.Contains(text, "pa55word") || !strings.Contains(text, "hint: ") {
			t.Errorf("%s: exit code %d: %s", store, code, text)
		}
	}
}

func TestServeAsksForItsTokenAndLetsItsClockBeSet(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--token-file", file}, streams{strings.NewReader(""), in, io.Discard})
		_ = in.Close()
	}()
	var address string
	if _, err := fmt.Fscanf(out, "collecting at %s", &address); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, test := range []struct {
		token  string
		status int
	}{{"", http.StatusUnauthorized}, {"s3cret", http.StatusOK}} {
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, strings.TrimSuffix(address, ",")+"/_/clock", strings.NewReader(`{"now":"2030-01-01T00:00:00Z"}`))
		if err != nil {
			t.Fatal(err)
		}
		if test.token != "" {
			r.SetBasicAuth("anybody", test.token)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != test.status {
			t.Errorf("with token %q: %s", test.token, answer.Status)
		}
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestServeReadsWhomItTrusts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ given, want, problem string }{
		{"10.0.0.0/8", "10.0.0.0/8", ""},
		{"10.0.0.1", "10.0.0.1/32", ""},
		{"2001:db8::1", "2001:db8::1/128", ""},
		{"::ffff:10.0.0.0/104", "::ffff:10.0.0.0/104", ""},
		{"", "", `--trusted-proxy "": no address and no range`},
		{"proxy.example", "", "no address and no range"},
		{"fe80::1%eth0", "", "no address and no range"},
		{"10.0.0.0/33", "", "no address and no range"},
		{"10.0.0.1/8", "", "hint: 10.0.0.0/8 is the range that it lies in"},
		{"0.0.0.0/0", "", "that is everybody"},
		{"::/0", "", "that is everybody"},
	} {
		ranges, err := serving{proxies: []string{test.given}}.trusted()
		if test.problem != "" {
			if err == nil || !strings.Contains(err.Error(), test.problem) || !isUsage(err) {
				t.Errorf("%q: %v, want %q", test.given, err, test.problem)
			}
		} else if err != nil || len(ranges) != 1 || ranges[0].String() != test.want {
			t.Errorf("%q: %v, %v", test.given, ranges, err)
		}
	}
}

func TestServeSaysWhatIsWrongWithItsDatabaseOfPlaces(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "GeoLite2-City.mmdb")
	if err := os.WriteFile(file, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		file:          "GeoLite2-City.mmdb is no database in the MaxMind DB format",
		file + ".not": "no such file",
	} {
		var out bytes.Buffer
		code := run(t.Context(), []string{"serve", "--listen", "127.0.0.1:0", "--geo", path}, streams{strings.NewReader(""), &out, &out})
		if text := out.String(); code != 2 || !strings.Contains(text, "--geo: geography: ") || !strings.Contains(text, want) || !strings.Contains(text, "hint: ") {
			t.Errorf("%s: exit code %d: %s", path, code, text)
		}
	}
	for _, given := range []string{"", example(t)} {
		places, err := serving{geography: given}.places()
		if err != nil {
			t.Fatal(err)
		}
		if got := places.Locate(netip.MustParseAddr("192.0.2.10")).City; got != "Berlin" {
			t.Errorf("%q: city %q", given, got)
		}
	}
}

// example writes the example of places into a file.
func example(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "example.mmdb")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(geo.WriteExample(file), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}
