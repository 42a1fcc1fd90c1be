package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// process is a running browser and what it keeps on disk.
type process struct {
	cmd     *exec.Cmd
	profile string
	output  *tail
	exited  chan struct{} // closed when the process has been reaped
	err     error         // how it ended; valid after exited
}

// flags are the switches of every browser: no traffic of the browser's own, no
// side door past the gateway, nothing that shows automation, no wasted work.
func flags(o Options, profile string) []string {
	list := []string{
		"--remote-debugging-pipe",
		"--user-data-dir=" + profile,
		"--ignore-certificate-errors-spki-list=" + o.SPKI,
		// No traffic of its own.
		"--no-first-run", "--no-default-browser-check",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-default-apps", "--disable-extensions", "--disable-domain-reliability",
		"--disable-client-side-phishing-detection", "--no-service-autorun",
		"--disable-component-extensions-with-background-pages", "--metrics-recording-only",
		"--disable-breakpad", "--disable-crash-reporter", "--password-store=basic", "--use-mock-keychain",
		// No side door.
		"--disable-quic", "--dns-prefetch-disable",
		"--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
		"--proxy-server=http://127.0.0.1:9", // a context without a visitor reaches nothing
		// Pages behave as in a window that someone looks at.
		"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
		"--disable-renderer-backgrounding", "--disable-hang-monitor", "--disable-prompt-on-repost",
		"--disable-popup-blocking", "--mute-audio", "--window-size=1280,800",
		// A click on a page that is there and has not painted yet is a click all the same.
		"--allow-pre-commit-input",
		// Nothing that shows automation.
		"--disable-blink-features=AutomationControlled",
		"--disable-features=" + strings.Join([]string{
			"WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup", // a third of full Chromium's work
			"SpareRendererForSitePerProcess",
			"BFCacheWithSharedWorker", // else it is frozen with the page that was left, and answers no more
			"Translate", "OptimizationHints", "MediaRouter", "InterestFeedContentSuggestions",
			"HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
		}, ","),
		"--disable-dev-shm-usage",
	}
	if o.NoSandbox {
		list = append(list, "--no-sandbox")
	}
	if !o.Headed {
		list = append(list, "--headless", "--disable-gpu", "--hide-scrollbars")
	}
	if runtime.GOOS == "linux" {
		list = append(list, "--disable-setuid-sandbox")
	}
	list = append(list, o.Flags...)
	return append(list, "about:blank")
}

// start starts the browser and returns the two ends of its pipe.
func start(o Options) (*process, *pipe, error) {
	profile, err := os.MkdirTemp("", "pixelwitness-profile-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a profile for the browser: %w", err)
	}
	p := &process{profile: profile, output: &tail{limit: 16 << 10}, exited: make(chan struct{})}
	toBrowser, commands, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(profile))
	}
	answers, fromBrowser, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, toBrowser.Close(), commands.Close(), os.RemoveAll(profile))
	}
	p.cmd = exec.Command(o.Path, flags(o, profile)...)
	p.cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // its descriptors 3 and 4
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.WaitDelay = time.Second
	inOwnGroup(p.cmd)
	err = p.cmd.Start()
	_ = toBrowser.Close()
	_ = fromBrowser.Close()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start the browser %s: %w", o.Path, err),
			commands.Close(), answers.Close(), os.RemoveAll(profile))
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, &pipe{PipeConn: chromedp.NewPipeConn(answers, commands), sessions: map[target.SessionID]*session{}}, nil
}

// end waits for the browser to exit by itself until the context ends, then
// kills it with all its children, and removes the profile.
func (p *process) end(ctx context.Context) error {
	select {
	case <-p.exited:
	case <-ctx.Done():
	}
	killGroup(p.cmd)
	<-p.exited
	return removeProfile(p.profile)
}

// socketFolder is what full Chrome calls the folder of its socket.
var socketFolder = regexp.MustCompile(`^\.?(org\.chromium|com\.google)\.`)

// removeProfile removes the profile, and the folder beside it to which a killed
// full Chrome leaves a link. A child that is still dying may write a last file into
// the profile, so a second attempt is made.
func removeProfile(dir string) error {
	if socket, err := os.Readlink(filepath.Join(dir, "SingletonSocket")); err == nil {
		if folder := filepath.Dir(socket); socketFolder.MatchString(filepath.Base(folder)) {
			_ = os.RemoveAll(folder)
		}
	}
	if os.RemoveAll(dir) == nil {
		return nil
	}
	return os.RemoveAll(dir)
}

// tail keeps the last bytes that were written to it.
type tail struct {
	mu    sync.Mutex
	limit int
	kept  []byte
}

// Write keeps the end of what was written.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - t.limit; extra > 0 {
		t.kept = bytes.Clone(t.kept[extra:])
	}
	return len(p), nil
}

// String returns what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.kept))
}
