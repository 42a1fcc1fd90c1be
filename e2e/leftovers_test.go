package e2e_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"
)

// Every spec leaves the machine as it found it. The check is registered before
// anything else of a spec, so it comes after all of its clean-up.
var _ = g.BeforeEach(func() {
	sockets, goroutines := listening(), gleak.Goroutines()
	g.DeferCleanup(func() {
		Expect(profiles(os.TempDir())).To(BeEmpty(), "browser profiles that are left behind")
		// A killed browser takes a moment to be gone.
		Eventually(descendants).Should(BeEmpty(), "processes that are left behind")
		Expect(listening()).To(Equal(sockets), "sockets that still listen")
		Eventually(gleak.Goroutines).ShouldNot(gleak.HaveLeaked(goroutines))
	})
})

// profiles lists the browser profiles in the folder, and the folders that full
// Chrome makes beside its profile.
func profiles(dir string) []string {
	var found []string
	for _, name := range []string{"pixelwitness-profile-*", "org.chromium.*", ".org.chromium.*", "com.google.*", ".com.google.*"} {
		matches, err := filepath.Glob(filepath.Join(dir, name))
		Expect(err).NotTo(HaveOccurred())
		found = append(found, matches...)
	}
	return found
}

// listening lists the local addresses at which this process listens. Only Linux
// shows them.
func listening() []string {
	if runtime.GOOS != "linux" {
		return nil
	}
	ours := map[string]bool{}
	descriptors, err := filepath.Glob("/proc/self/fd/*")
	Expect(err).NotTo(HaveOccurred())
	for _, d := range descriptors {
		if target, err := os.Readlink(d); err == nil {
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				ours[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	var found []string
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue // there is no IPv6
		}
		for line := range strings.Lines(string(text)) {
			const listens = "0A"
			if f := strings.Fields(line); len(f) > 9 && f[3] == listens && ours[f[9]] {
				found = append(found, f[1])
			}
		}
	}
	slices.Sort(found)
	return found
}
