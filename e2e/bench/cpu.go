package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the kernel's unit of processor time on Linux.
const tick = time.Second / 100

// stat is what /proc says of a process.
type stat struct {
	parent int
	own    time.Duration // spent by the process itself
	reaped time.Duration // spent by children that have ended
}

// cpuOf is the processor time that a process has spent itself.
func cpuOf(pid int) time.Duration { return readStat(pid).own }

// cpuOfTree is the processor time of a process and all its descendants, those
// that have ended included.
func cpuOfTree(root int) time.Duration {
	stats := map[int]stat{}
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, e := range entries {
		if pid, err := strconv.Atoi(filepath.Base(e)); err == nil {
			stats[pid] = readStat(pid)
		}
	}
	var total time.Duration
	for pid, s := range stats {
		for at := pid; at > 1; at = stats[at].parent {
			if at == root {
				total += s.own + s.reaped
				break
			}
		}
	}
	return total
}

func readStat(pid int) stat {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}
	}
	// The command's name, in brackets, may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
	return stat{
		parent: number(1),
		own:    time.Duration(number(11)+number(12)) * tick,
		reaped: time.Duration(number(13)+number(14)) * tick,
	}
}
