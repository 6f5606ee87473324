package policies

import (
	"math"
	"slices"
	"strings"
)

// didYouMean names the nearest of known, or all of them where none is near.
func didYouMean(word string, known []string) string {
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

// distance counts the letters to add, drop, change or swap between a and b.
func distance(a, b string) int {
	prev2, prev, cur := []int(nil), make([]int, len(b)+1), []int(nil)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		cur = make([]int, len(b)+1)
		cur[0] = i + 1
		for j := range len(b) {
			change := prev[j]
			if a[i] != b[j] {
				change++
			}
			cur[j+1] = min(change, prev[j+1]+1, cur[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cur[j+1] = min(cur[j+1], prev2[j-1]+1)
			}
		}
		prev2, prev = prev, cur
	}
	return prev[len(b)]
}
