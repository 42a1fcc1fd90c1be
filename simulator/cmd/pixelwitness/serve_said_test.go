package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestServeSaysAnAddressThatCanBeCopied(t *testing.T) {
	t.Parallel()
	const (
		open    = "only this machine reads all this, as there is no token\n"
		guarded = "whoever has the token reads all this, nobody else\n"
		closed  = "nobody reads all this, as there is no token and this is no loopback address\nhint: "
	)
	for _, test := range []struct {
		listens string
		token   bool
		url     string
		reads   string
	}{
		{"127.0.0.1:8080", false, "http://127.0.0.1:8080", open},
		{"127.0.0.1:8080", true, "http://127.0.0.1:8080", guarded},
		{"[::]:18080", false, "http://127.0.0.1:18080", open},
		{"[::]:18080", true, "http://127.0.0.1:18080", guarded},
		{"0.0.0.0:18080", false, "http://127.0.0.1:18080", open},
		{"[::1]:8080", false, "http://[::1]:8080", open},
		{"192.0.2.7:8080", false, "http://192.0.2.7:8080", closed},
		{"192.0.2.7:8080", true, "http://192.0.2.7:8080", guarded},
		{"[2001:db8::1]:8080", false, "http://[2001:db8::1]:8080", closed},
	} {
		text := said(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.listens)), test.token)
		want := fmt.Sprintf("collecting at %s, hits at %[1]s/_/hits\nprofiles at %[1]s/antsomi/\nreports and settings at %[1]s/piwikpro/\n%s", test.url, test.reads)
		if !strings.HasPrefix(text, want) || (test.reads != closed) != (text == want) {
			t.Errorf("%s, token %v:\n%s", test.listens, test.token, text)
		}
	}
}

// What serve says is its output alone, and the address that it says leads to it.
func TestServeIsFoundWhereItSays(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, logged := &watched{told: make(chan struct{})}, &bytes.Buffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--listen", "127.0.0.1:0"}, streams{strings.NewReader(""), out, logged})
	}()
	select {
	case <-out.told:
	case <-ctx.Done():
		t.Fatal("it said nothing")
	}
	var address string
	if _, err := fmt.Sscanf(out.text, "collecting at %s", &address); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(address, ",")+"/_/hits", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	stop()
	if code := <-ended; code != 0 || answer.StatusCode != http.StatusOK {
		t.Errorf("exit code %d, %s", code, answer.Status)
	}
	if strings.Contains(out.text, "level=") || strings.Contains(logged.String(), "collecting at") || !strings.Contains(logged.String(), "collector serves") {
		t.Errorf("what is said and what is logged are mixed up:\n%s---\n%s", out.text, logged)
	}
}

// watched keeps the first thing that is written to it.
type watched struct {
	text string
	told chan struct{}
}

func (w *watched) Write(text []byte) (int, error) {
	if w.text == "" {
		w.text = string(text)
		close(w.told)
	}
	return len(text), nil
}
