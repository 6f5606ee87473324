//go:build !linux

package app

import "time"

var started = time.Now()

// sinceBoot returns the time since the process started.
func sinceBoot() time.Duration { return time.Since(started) }
