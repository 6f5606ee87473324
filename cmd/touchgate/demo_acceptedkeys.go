package main

import (
	"sync"

	"touchgate.dev/internal/apiclient"
)

// acceptedKeys collects the keys of a stream's lines that the gateway accepted:
// all but those that it reported as faulty. It is safe for concurrent use,
// because lines are written while answers are read.
type acceptedKeys struct {
	mu     sync.Mutex
	keys   []string // by line; "" where there was none
	faulty []int
}

// add notes the key of the next line; "" is a line without a touch.
func (k *acceptedKeys) add(key string) {
	k.mu.Lock()
	k.keys = append(k.keys, key)
	k.mu.Unlock()
}

// addFaulty notes the lines that the gateway reported as faulty.
func (k *acceptedKeys) addFaulty(errors []apiclient.LineError) {
	k.mu.Lock()
	for _, e := range errors {
		k.faulty = append(k.faulty, e.Line)
	}
	k.mu.Unlock()
}

// list returns the keys of all lines that were not faulty. Call it once, at the end
// of the stream.
func (k *acceptedKeys) list() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, line := range k.faulty {
		if line >= 1 && line <= len(k.keys) {
			k.keys[line-1] = ""
		}
	}
	kept := k.keys[:0]
	for _, key := range k.keys {
		if key != "" {
			kept = append(kept, key)
		}
	}
	return kept
}
