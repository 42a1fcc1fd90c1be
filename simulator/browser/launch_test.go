package browser

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A browser that does not start leaves nothing behind, and what it said is shown.
func TestABrowserThatDoesNotStart(t *testing.T) {
	folder, temporary := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temporary)
	const version = `case "$1" in --version) echo Chromium 1.2.3.4; exit 0;; esac`
	for _, test := range []struct {
		name, script string
		want         []string
	}{
		{"dies", version + "\necho 'a fatal thing' >&2; exit 1", []string{"did not start: ", "a fatal thing"}},
		{"has no sandbox", version + "\necho 'No usable sandbox!' >&2; exit 1", []string{"No usable sandbox!", "\nhint: Chrome's sandbox cannot"}},
		{"gives no version", "exit 1", []string{"for its version"}},
		{"hangs", version + "\nread nothing <&3", []string{"did not start: ", "context deadline exceeded"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := Options{Path: program(t, folder, "chrome-"+strings.ReplaceAll(test.name, " ", "-"), test.script), StartTimeout: patience}
			if test.name == "hangs" {
				o.StartTimeout = time.Second
			}
			b, err := Launch(within(t), o)
			if err == nil {
				_ = b.Close()
				t.Fatal("it started")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			left, globErr := filepath.Glob(filepath.Join(temporary, "*"))
			if globErr != nil || len(left) > 0 {
				t.Errorf("left behind: %q, %v", left, globErr)
			}
		})
	}
}

func TestALaunchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Launch(ctx, Options{Path: program(t, t.TempDir(), "chrome", "echo 1.2.3.4")}); err == nil {
		t.Error("a browser was launched under a context that had ended")
	}
}

func TestTheFlagsCloseTheSideDoors(t *testing.T) {
	t.Parallel()
	plain := flags(Options{SPKI: "KEY", Flags: []string{"--own"}}, "/profile")
	for _, want := range []string{
		"--remote-debugging-pipe", "--user-data-dir=/profile", "--ignore-certificate-errors-spki-list=KEY",
		"--disable-quic", "--dns-prefetch-disable", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
		"--proxy-server=http://127.0.0.1:9", "--disable-background-networking",
		"--disable-blink-features=AutomationControlled", "--headless", "--own",
	} {
		if !slices.Contains(plain, want) {
			t.Errorf("the flag %s is missing", want)
		}
	}
	if last := plain[len(plain)-1]; last != "about:blank" {
		t.Errorf("the first page is %s", last)
	}
	for _, never := range []string{"--no-sandbox", "--enable-automation", "--remote-debugging-port=0"} {
		if slices.Contains(plain, never) {
			t.Errorf("the flag %s is there", never)
		}
	}
	if !slices.Contains(flags(Options{NoSandbox: true}, ""), "--no-sandbox") {
		t.Error("the sandbox cannot be switched off")
	}
	if slices.Contains(flags(Options{Headed: true}, ""), "--headless") {
		t.Error("a window that is asked for is not shown")
	}
	seen := map[string]bool{}
	for _, f := range plain {
		name, _, _ := strings.Cut(f, "=")
		if seen[name] {
			t.Errorf("the flag %s stands twice: Chrome takes the last alone", name)
		}
		seen[name] = true
	}
}

func TestTheIdentityIsAnOrdinaryChromes(t *testing.T) {
	t.Parallel()
	got := identity("156.0.8078.79")
	if !strings.Contains(got.UserAgent, " Chrome/156.0.0.0 Safari/537.36") {
		t.Errorf("the user agent is %s", got.UserAgent)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "Headless") {
		t.Errorf("it shows automation: %s", text)
	}
	var named bool
	for i, b := range got.UserAgentMetadata.Brands {
		long := got.UserAgentMetadata.FullVersionList[i]
		if b.Brand != long.Brand || strings.Split(long.Version, ".")[0] != b.Version {
			t.Errorf("the brands %+v and %+v differ", b, long)
		}
		named = named || b.Brand == "Google Chrome" && b.Version == "156" && long.Version == "156.0.8078.79"
	}
	if !named {
		t.Errorf("the brands are %s", text)
	}
}

func TestATailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	end := &tail{limit: 8}
	for _, text := range []string{"one ", "two ", "three", "", "a text that is longer than that\n"} {
		if n, err := end.Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("wrote %d of %d: %v", n, len(text), err)
		}
	}
	if got := end.String(); got != "an that" {
		t.Errorf("kept %q", got)
	}
}

func TestAProfileIsRemoved(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "profile")
	if err := os.MkdirAll(filepath.Join(dir, "Default", "Cache"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is not there is removed already
		if err := removeProfile(dir); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}
