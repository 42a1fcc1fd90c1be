package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
