package app

import (
	"runtime/debug"
	"slices"
	"strings"
)

// The settings of the garbage collector unless GOGC or GOMEMLIMIT are set. A
// process keeps little and drops much, so the collector may wait longer than
// usual: at Go's default it took a sixth of a campaign's CPU time. The limit
// keeps the process small all the same.
const (
	gcPercent   = 400
	memoryLimit = 216 << 20 // bytes
)

// TuneMemory sets the garbage collector for a process that serves, unless the
// environment does.
func TuneMemory(environ []string) {
	chosen := slices.ContainsFunc(environ, func(pair string) bool {
		return strings.HasPrefix(pair, "GOGC=") || strings.HasPrefix(pair, "GOMEMLIMIT=")
	})
	if !chosen {
		debug.SetGCPercent(gcPercent)
		debug.SetMemoryLimit(memoryLimit)
	}
}
