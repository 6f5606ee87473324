// SPDX-License-Identifier: Apache-2.0

// Package suggest finds the word that somebody probably meant.
package suggest

import (
	"math"
	"slices"
	"strings"
)

// Nearest returns a hint for an unknown word: "did you mean …?" if one of the
// known words is near, otherwise all of them.
func Nearest(word string, known []string) string {
	best, least := "", math.MaxInt
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if least <= 1+len(word)/3 {
		return "did you mean " + best + "?"
	}
	known = slices.Clone(known)
	slices.Sort(known)
	return "known: " + strings.Join(known, ", ")
}

// distance counts the letters to add, drop, change or swap between a and b
// (the optimal string alignment distance).
func distance(a, b string) int {
	var twoBack, above, row []int
	above = make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range len(a) {
		row = make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := above[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], twoBack[j-1]+1)
			}
		}
		twoBack, above = above, row
	}
	return above[len(b)]
}
