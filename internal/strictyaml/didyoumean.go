package strictyaml

import (
	"math"
	"slices"
	"strings"
)

// DidYouMean returns a hint for an unknown word: the nearest of the known ones,
// or all of them if none is near.
func DidYouMean(word string, known []string) string {
	if nearest, ok := Nearest(word, known); ok {
		return "did you mean " + nearest + "?"
	}
	known = slices.Clone(known)
	slices.Sort(known)
	return "known: " + strings.Join(known, ", ")
}

// Nearest returns the known word that is most like the given one, without
// regard to capitals and to white space around it; false if none is near. Of
// several as near it is the first.
func Nearest(word string, known []string) (string, bool) {
	nearest, least := "", math.MaxInt
	plain := strings.ToLower(strings.TrimSpace(word))
	for _, k := range known {
		d := distance(plain, strings.ToLower(k))
		if d < least {
			nearest, least = k, d
		}
	}
	return nearest, least <= 1+len(plain)/3
}

// distance counts the letters to add, drop, change or swap between a and b. It
// keeps three rows of the table of the Damerau-Levenshtein distance.
func distance(a, b string) int {
	var beforePrevious []int
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := previous[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, previous[j+1]+1, row[j]+1)
			swapped := i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j]
			if swapped {
				row[j+1] = min(row[j+1], beforePrevious[j-1]+1)
			}
		}
		beforePrevious = previous
		previous = row
	}
	return previous[len(b)]
}
