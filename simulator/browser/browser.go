// Package browser drives Chrome: one process, one browser context a visitor. It
// launches the browser, attaches to every page, frame and worker of a visitor
// before a script of theirs runs, and brings back what only the inside of a
// browser knows: cookies, stores, console, writes of cookies, pictures.
//
// It stands on chromedp's pipe, browser and cdproto's types, with sessions of its
// own for the pages: chromedp's tab set-up awaits twelve commands one after
// another and enables domains that a journey does not need.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

// Options configures a browser.
type Options struct {
	// Path is the browser's executable; see Find.
	Path string
	// SPKI is the hash of the gateway's key; see gateway.Gateway.SPKI.
	SPKI string
	// Headed shows the browser's window.
	Headed bool
	// NoSandbox turns Chrome's sandbox off. It is needed, and meant, only for root.
	NoSandbox bool
	// Flags are further switches for the browser.
	Flags []string
	// StartTimeout bounds the browser's start; 30 seconds when zero.
	StartTimeout time.Duration
}

// Browser is a running browser. Its methods may be called concurrently.
type Browser struct {
	options Options
	process *process
	pipe    *pipe
	chrome  *chromedp.Browser
	stop    context.CancelFunc
	about   evidence.Browser
	hook    hook
	// identity is what every page says of the browser: an ordinary Chrome's.
	identity emulation.SetUserAgentOverrideParams

	disposals sync.WaitGroup

	mu       sync.Mutex
	visitors map[cdp.BrowserContextID]*Visitor
}

var _ journey.Browser = (*Browser)(nil)

// Launch starts the browser. Close ends it.
func Launch(ctx context.Context, o Options) (*Browser, error) {
	if o.StartTimeout == 0 {
		o.StartTimeout = 30 * time.Second
	}
	startCtx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	version, err := versionOf(startCtx, o.Path)
	if err != nil {
		return nil, err
	}
	agent := identity(version).UserAgent
	o.Flags = append([]string{"--user-agent=" + agent}, o.Flags...)
	proc, conn, err := start(o)
	if err != nil {
		return nil, err
	}
	// The browser outlives the context of its launch: only Close ends it.
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	b := &Browser{
		options: o, process: proc, pipe: conn, stop: stop, hook: newHook(), identity: identity(version),
		visitors: map[cdp.BrowserContextID]*Visitor{},
		about:    evidence.Browser{Kind: kindOf(o.Path), UserAgent: agent},
	}
	conn.attached = b.attached
	quiet := func(string, ...any) {}
	b.chrome, err = chromedp.NewBrowserTransport(life, conn,
		chromedp.WithBrowserErrorf(quiet), chromedp.WithBrowserLogf(quiet))
	if err == nil {
		err = b.prepare(startCtx)
	}
	if err != nil {
		_ = b.Close() // first: until it has been reaped, the browser may still be telling why
		output := proc.output.String()
		return nil, fmt.Errorf("the browser %s did not start: %w\n%s%s", o.Path, err, output, startHint(output))
	}
	return b, nil
}

// startHint says what to do about the commonest reasons of a failed start.
func startHint(output string) string {
	switch {
	case strings.Contains(output, "Missing X server"), strings.Contains(output, "cannot open display"):
		return "\nhint: a visible window needs a display; without one, leave --headed out or use xvfb-run"
	case strings.Contains(output, "sandbox"):
		return "\nhint: Chrome's sandbox cannot be set up here; run as an ordinary user with user namespaces, or as root, where it is switched off"
	}
	return ""
}

// prepare asks the browser who it is, and to show us every target before it runs.
func (b *Browser) prepare(ctx context.Context) error {
	about, err := cdp.Call(ctx, b.chrome, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	b.about.Product = strings.Replace(about.Product, "HeadlessChrome", "Chrome", 1)
	_, err = cdp.Call(ctx, b.chrome, target.SetAutoAttach, target.SetAutoAttachParams{
		AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true),
		Filter: target.Filter{
			{Type: "page"}, {Type: "service_worker"}, {Type: "shared_worker"}, {Exclude: true},
		},
	})
	return err
}

// Describe says what browser it is.
func (b *Browser) Describe() evidence.Browser { return b.about }

// Lost is closed when the connection to the browser is gone.
func (b *Browser) Lost() <-chan struct{} { return b.chrome.LostConnection }

// Pid is the process ID of what was started, which leads the process group of
// the browser and its children. It need not be the browser itself: Debian's
// chromium-headless-shell is a script that runs it.
func (b *Browser) Pid() int { return b.process.cmd.Process.Pid }

// Visitor opens a fresh visitor whose every request goes through the proxy.
func (b *Browser) Visitor(ctx context.Context, proxy string) (journey.Visitor, error) {
	made, err := cdp.Call(ctx, b.chrome, target.CreateBrowserContext, target.CreateBrowserContextParams{
		ProxyServer: "http://" + proxy, ProxyBypassList: "<-loopback>", DisposeOnDetach: new(true),
	})
	if err != nil {
		return nil, fmt.Errorf("open a browser context: %w", err)
	}
	v := newVisitor(b, made.BrowserContextID)
	b.mu.Lock()
	b.visitors[v.id] = v
	b.mu.Unlock()
	if err := v.start(ctx); err != nil {
		v.Dispose()
		return nil, err
	}
	return v, nil
}

// attached takes each new target, paused before its first script, and prepares
// it for its visitor. It runs on the pipe's reading goroutine and must not wait.
func (b *Browser) attached(parent *session, event target.EventAttachedToTarget) {
	b.mu.Lock()
	v := b.visitors[event.TargetInfo.BrowserContextID]
	b.mu.Unlock()
	if v == nil {
		// A target of the browser's own: let it run, unobserved.
		s := b.pipe.attach(parent, event.SessionID, nil)
		s.resume()
		return
	}
	v.adopt(parent, event)
}

// Close ends the browser: its pipe is closed, which makes it exit, and whatever
// is left of it is killed. The profile is removed.
func (b *Browser) Close() error {
	b.disposals.Wait()
	b.stop()
	_ = b.pipe.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return b.process.end(ctx)
}

// Launcher returns a function that launches browsers with these options, for
// those who know of browsers only by journey's interface. It finds the
// executable when no path is given, and turns the sandbox off for root.
func Launcher(o Options) func(ctx context.Context, spki string) (journey.Browser, error) {
	return func(ctx context.Context, spki string) (journey.Browser, error) {
		if o.Path == "" {
			path, err := Find("", Any)
			if err != nil {
				return nil, err
			}
			o.Path = path
		}
		o.SPKI = spki
		o.NoSandbox = o.NoSandbox || os.Geteuid() == 0
		b, err := Launch(ctx, o)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
}

// errNotFound is the cause when there is no browser on the machine.
var errNotFound = errors.New("no Chrome or Chromium found")

// kindOf tells the headless shell from full Chrome by the executable's name.
func kindOf(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	name := filepath.Base(path)
	if strings.Contains(name, "headless-shell") || strings.Contains(name, "headless_shell") {
		return string(Shell)
	}
	return string(Full)
}
