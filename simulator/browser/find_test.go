package browser

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program writes an executable script into the folder.
func program(t *testing.T, folder, name, script string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// No t.Parallel here and below: the environment is the process's own.
func TestFindTakesWhatIsNamedFirst(t *testing.T) {
	folder := t.TempDir()
	shell := program(t, folder, "chromium-headless-shell", "")
	full := program(t, folder, "chromium", "")
	own := program(t, t.TempDir(), "own-chrome", "")
	t.Setenv("PATH", folder)
	t.Setenv(EnvPath, "")
	for _, test := range []struct {
		name, path, variable string
		kind                 Kind
		want                 string
	}{
		{"the shell before the full browser", "", "", Any, shell},
		{"the shell when it is asked for", "", "", Shell, shell},
		{"the full browser when it is asked for", "", "", Full, full},
		{"the path given", own, full, Any, own},
		{"a name on the PATH", "chromium", "", Any, full},
		{"the variable", "", own, Any, own},
		{"the kind that is asked for, whatever the variable says", "", own, Full, full},
	} {
		t.Setenv(EnvPath, test.variable)
		got, err := Find(test.path, test.kind)
		if err != nil || got != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.name, got, err, test.want)
		}
	}
	if err := os.Remove(shell); err != nil {
		t.Fatal(err)
	}
	t.Setenv(EnvPath, "")
	if _, installed := os.Stat(usual(Shell)[0]); installed != nil {
		if got, err := Find("", Any); err != nil || got != full {
			t.Errorf("without a shell: %q, %v", got, err)
		}
	}
}

func TestWhatFindDoesNotFindIsSaidWithARemedy(t *testing.T) {
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	for _, test := range []struct{ path, variable, starts string }{
		{filepath.Join(folder, "gone"), "", "the path given names no executable browser: " + filepath.Join(folder, "gone") + ": no such file or directory\nhint: "},
		{plain, "", "the path given names no executable browser: " + plain + ": permission denied\nhint: "},
		{"", plain, EnvPath + " names no executable browser: " + plain + ": permission denied\nhint: "},
		{"no-such-name", "", "the path given names no executable browser: no-such-name: executable file not found in $PATH\nhint: "},
	} {
		t.Setenv(EnvPath, test.variable)
		_, err := Find(test.path, Any)
		if err == nil || !strings.HasPrefix(err.Error(), test.starts) {
			t.Errorf("%q, %q: %v", test.path, test.variable, err)
		}
	}
	t.Setenv(EnvPath, "")
	if _, installed := os.Stat(usual(Full)[0]); installed != nil {
		if _, err := Find("", Full); !errors.Is(err, errNotFound) || !strings.Contains(err.Error(), "\nhint: ") {
			t.Errorf("on a machine without a browser: %v", err)
		}
	}
}

func TestTheVersionIsAskedOfTheBrowser(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	got, err := versionOf(within(t), program(t, folder, "chrome", "echo Chromium 156.0.8078.79 built on Debian"))
	if err != nil || got != "156.0.8078.79" {
		t.Errorf("got %q, %v", got, err)
	}
	for name, script := range map[string]string{"fails": "exit 3", "mute": "echo hello"} {
		if got, err := versionOf(within(t), program(t, folder, name, script)); err == nil {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestTheKindIsToldByTheExecutable(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	shell := program(t, folder, "chromium-headless-shell", "")
	link := filepath.Join(folder, "browser")
	if err := os.Symlink(shell, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Kind{
		shell: Shell, link: Shell, "/opt/headless_shell": Shell, "/usr/bin/chromium": Full, "/opt/google/chrome/chrome": Full,
	} {
		if got := kindOf(path); got != string(want) {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}
