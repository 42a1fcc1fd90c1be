package e2e_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"
)

// adopt makes this process the parent of what its children leave behind, so that
// nothing they started can slip away unseen.
func adopt() {
	Expect(unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)).To(Succeed())
}

// descendants lists the running processes that this one, or a child of it, has
// started, by their command lines.
func descendants() []string { return below(os.Getpid()) }

// below lists the running processes below that one.
func below(root int) []string {
	children := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	Expect(err).NotTo(HaveOccurred())
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended since
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		// pid (name) state parent …, and the name may hold anything
		_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')'):]), " ")
		f := strings.Fields(rest)
		if ended := f[0] == "Z" || f[0] == "X"; ended {
			continue
		}
		parent, _ := strconv.Atoi(f[1])
		children[parent] = append(children[parent], pid)
	}
	var found []string
	for next := children[root]; len(next) > 0; next = next[1:] {
		command, _ := os.ReadFile("/proc/" + strconv.Itoa(next[0]) + "/cmdline")
		found = append(found, strconv.Itoa(next[0])+": "+strings.ReplaceAll(string(command), "\x00", " "))
		next = append(next, children[next[0]]...)
	}
	return found
}
