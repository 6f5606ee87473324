package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// ticksPerSecond is the unit of CPU time in /proc, on every Linux that Go runs
// on.
const ticksPerSecond = 100

// cpuOf returns the CPU time of a process in seconds.
func cpuOf(pid int) float64 {
	s, _ := statOf(pid)
	return s.own
}

// procStat is what /proc says about a process.
type procStat struct {
	parent         int
	own, inherited float64 // seconds; inherited from children that have ended
}

func statOf(pid int) (s procStat, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return s, false
	}
	// The fields come after the name, which is in brackets and may contain anything.
	text := string(b)
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 15 {
		return s, false
	}
	number := func(i int) float64 { v, _ := strconv.ParseFloat(f[i], 64); return v }
	s.parent = int(number(1))
	s.own = (number(11) + number(12)) / ticksPerSecond
	s.inherited = (number(13) + number(14)) / ticksPerSecond
	return s, true
}

// treeCPU returns the CPU time of a process, of its living children and of those
// that have ended.
func treeCPU(pid int) float64 {
	root, _ := statOf(pid)
	total := root.own + root.inherited
	all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, dir := range all {
		child, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if s, ok := statOf(child); ok && s.parent == pid {
			total += s.own
		}
	}
	return total
}

// peakMB returns the most memory that a process ever had resident.
func peakMB(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// machine describes the machine on which the figures were measured.
func machine() string {
	model := runtime.GOARCH
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d cores, %s, %s, %s", runtime.NumCPU(), model, runtime.GOOS, runtime.Version())
}
