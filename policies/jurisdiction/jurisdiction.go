// SPDX-License-Identifier: Apache-2.0

// Package jurisdiction knows the codes of the places whose laws bind a
// customer: countries by ISO 3166-1 ("it") and parts of them ("us-fl",
// "us-ny-nyc"). Capitals and small letters mean the same, and "uk" means "gb".
//
// All functions are safe for concurrent use.
package jurisdiction

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"touchgate.dev/internal/strictyaml"
)

//go:embed codes.txt
var codes string

// table is the list of known places.
type table struct {
	names map[string]string // by code
	codes []string
	// divided are the countries whose parts are listed.
	divided map[string]bool
	byName  map[string]string // code by name in small letters
}

var known = sync.OnceValue(func() *table {
	t := &table{names: map[string]string{}, divided: map[string]bool{}, byName: map[string]string{}}
	for line := range strings.Lines(codes) {
		code, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		t.names[code] = name
		t.codes = append(t.codes, code)
		if country, _, isPart := strings.Cut(code, "-"); isPart {
			t.divided[country] = true
		}
		if key := strings.ToLower(name); t.byName[key] == "" {
			t.byName[key] = code
		}
	}
	return t
})

// Canonical returns a code in small letters, with "gb" for "uk".
func Canonical(code string) string {
	code = strings.ToLower(code)
	if code == "uk" || strings.HasPrefix(code, "uk-") {
		return "gb" + code[2:]
	}
	return code
}

// Known reports whether a code names a country, or a part of one. Parts are
// checked for the countries whose parts are listed; what lies within a part
// ("us-ny-nyc") is up to the bank.
func Known(code string) bool {
	parts := strings.Split(Canonical(code), "-")
	for _, part := range parts {
		if !isWord(part) {
			return false
		}
	}
	t := known()
	switch {
	case t.names[parts[0]] == "":
		return false
	case len(parts) > 1 && t.divided[parts[0]]:
		return t.names[parts[0]+"-"+parts[1]] != ""
	}
	return true
}

// Divided lists the countries whose parts are known.
func Divided() []string { return slices.Sorted(maps.Keys(known().divided)) }

// isWord reports whether a part of a code is letters and digits.
func isWord(part string) bool {
	for _, letter := range part {
		if (letter < 'a' || letter > 'z') && (letter < '0' || letter > '9') {
			return false
		}
	}
	return part != "" && len(part) <= 16
}

// Nearest returns the known code that was most likely meant: that of a country
// or part with this name ("italy"), or one that is written alike; "" if there
// is none.
func Nearest(code string) string {
	t := known()
	word := Canonical(strings.TrimSpace(code))
	if byName := t.byName[strings.ReplaceAll(word, "_", " ")]; byName != "" {
		return byName
	}
	if dashed := strings.NewReplacer("_", "-", " ", "-", "/", "-").Replace(word); dashed != word && Known(dashed) {
		return dashed
	}
	switch word { // letters of ISO 3166-1 alpha-3 and habits
	case "usa":
		return "us"
	case "deu", "ger":
		return "de"
	case "england":
		return "gb-eng"
	}
	country, _, isPart := strings.Cut(word, "-")
	var candidates []string
	for _, candidate := range t.codes {
		// One wrong letter of two says nothing: only parts of a country, and
		// longer words, have a neighbour.
		if isPart && strings.HasPrefix(candidate, country+"-") {
			candidates = append(candidates, candidate)
		}
	}
	if nearest, ok := strictyaml.Nearest(word, candidates); ok {
		return nearest
	}
	names := slices.Sorted(maps.Keys(t.byName))
	if nearest, ok := strictyaml.Nearest(word, names); ok && len(word) > 3 {
		return t.byName[nearest]
	}
	return ""
}

// Covers reports whether a place is the other one or holds it: "us" covers
// "us-fl". Both codes are canonical.
func Covers(place, other string) bool {
	return strings.HasPrefix(other, place) && (len(other) == len(place) || other[len(place)] == '-')
}
