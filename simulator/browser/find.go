package browser

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// Kind is which of Chrome's builds is wanted.
type Kind string

// The kinds. They differ where it matters to tracking: the shell sends
// third-party cookies and has no out-of-process frames; the full browser blocks
// unpartitioned third-party cookies.
const (
	// Any takes the shell where there is one, the full browser otherwise.
	Any Kind = ""
	// Shell is chromium-headless-shell: a third of the work.
	Shell Kind = "shell"
	// Full is Chrome or Chromium as people use it.
	Full Kind = "full"
)

// EnvPath is the environment variable that names the browser's executable.
const EnvPath = "PIXELWITNESS_CHROME"

var shells = []string{"chromium-headless-shell", "chrome-headless-shell", "headless-shell", "headless_shell"}

var fulls = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// usual lists where browsers are installed outside the PATH.
func usual(kind Kind) []string {
	if kind == Shell {
		return []string{"/usr/lib/chromium/chromium-headless-shell", "/headless-shell/headless-shell"}
	}
	if runtime.GOOS == "darwin" {
		home, _ := os.UserHomeDir()
		const app = "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
		return []string{"/" + app, filepath.Join(home, app), "/Applications/Chromium.app/Contents/MacOS/Chromium"}
	}
	return []string{"/usr/lib/chromium/chromium", "/usr/lib/chromium-browser/chromium-browser", "/opt/google/chrome/chrome", "/snap/bin/chromium"}
}

// Find returns the browser's executable: the path given (as by a flag), else
// the one in PIXELWITNESS_CHROME, else the first of that kind on the PATH or in
// the usual places. A path or variable that names no executable is an error, as
// is a machine without a browser; both errors say what to do.
func Find(path string, kind Kind) (string, error) {
	source := "the path given"
	if path == "" && kind == Any {
		path, source = os.Getenv(EnvPath), EnvPath
	}
	if path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("%s names no executable browser: %s: %w\nhint: give the file of a Chrome or Chromium, or leave it out to have one looked for", source, path, cause(err))
		}
		return found, nil
	}
	kinds := []Kind{Shell, Full}
	if kind != Any {
		kinds = []Kind{kind}
	}
	for _, k := range kinds {
		names := shells
		if k == Full {
			names = fulls
		}
		for _, candidate := range append(names, usual(k)...) {
			if found, err := exec.LookPath(candidate); err == nil {
				return found, nil
			}
		}
	}
	return "", fmt.Errorf("%w on the PATH or in the usual places\nhint: install one (Debian: apt-get install chromium-headless-shell chromium), or name it with --chrome or %s", errNotFound, EnvPath)
}

// cause is an error without the path, which stands before it already.
func cause(err error) error {
	for err != nil {
		switch e := err.(type) {
		case *exec.Error:
			err = e.Err
		case *fs.PathError:
			err = e.Err
		default:
			return err
		}
	}
	return err
}

var versionNumber = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+`)

// ErrExecutable is the cause when the executable that was named or found is no
// Chrome.
var ErrExecutable = errors.New("not a Chrome or Chromium")

// versionOf asks the executable for its version, such as "156.0.8078.79".
func versionOf(ctx context.Context, path string) (string, error) {
	out, err := exec.CommandContext(ctx, path, "--version", "--no-sandbox").Output()
	if ctx.Err() != nil {
		return "", fmt.Errorf("ask the browser %s for its version: %w", path, context.Cause(ctx))
	}
	version := versionNumber.FindString(string(out))
	if err != nil || version == "" {
		said := strings.TrimSpace(string(out))
		if first, _, more := strings.Cut(said, "\n"); more {
			said = first + " ..."
		}
		return "", fmt.Errorf("%s is %w: asked for its version, it says %q\nhint: name the executable of a Chrome or Chromium", path, ErrExecutable, said)
	}
	return version, nil
}
