//go:build !linux

package app

import "time"

var started = time.Now()

// sinceBoot is the time elapsed since some instant.
func sinceBoot() time.Duration { return time.Since(started) }
