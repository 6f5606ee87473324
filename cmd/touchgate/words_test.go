package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// retired lists words that were once private to this code base, each with the
// field's word for it. No identifier may use them again.
var retired = map[string]string{
	"courteous":  "preemptible",
	"courtesy":   "priority",
	"err later":  "err requeue",
	"estrange":   "break replication",
	"furnish":    "write configs",
	"giveback":   "release",
	"give back":  "release",
	"give up":    "abort",
	"give way":   "preempt",
	"heard":      "outcomes",
	"house":      "cluster, process or fixture",
	"madeup":     "demo data",
	"one by one": "isolate",
	"put aside":  "dead letter",
	"ration":     "feed limiter",
	"refuted":    "not sent",
	"reign":      "replication id",
	"resting":    "open (of a breaker)",
	"sift":       "filter",
	"soonest":    "round due",
	"stand back": "defer to higher",
	"suspects":   "isolated",
	"take up":    "acquire",
	"tallies":    "counts",
	"tally":      "counter",
	"turn away":  "reject",
	"unheard":    "intent unrecorded",
	"unpark":     "resume parked",
}

// TestRetiredWords looks at every identifier of every file.
func TestRetiredWords(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(root(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root(t), path)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			seen++
			if word, use := retiredWord(id.Name); word != "" {
				t.Errorf("%s:%d: %s: instead of %q say %q", name, files.Position(id.Pos()).Line, id.Name, word, use)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 10_000 {
		t.Errorf("only %d identifiers were read", seen)
	}
}

// TestRetiredWord proves that the test can fail.
func TestRetiredWord(t *testing.T) {
	for identifier, want := range map[string]string{
		"giveBack":         "give back",
		"TestARationOfTwo": "ration",
		"courteousLedger":  "courteous",
		"reservation":      "",
		"duration":         "",
		"higherPriority":   "",
		"shareholder":      "",
		"HTTPCourtesyGate": "courtesy",
	} {
		if word, _ := retiredWord(identifier); word != want {
			t.Errorf("%s: found %q, want %q", identifier, word, want)
		}
	}
}

// retiredWord is the first retired word in an identifier, "" if there is none.
func retiredWord(identifier string) (word, use string) {
	words := " " + strings.Join(camelWords(identifier), " ") + " "
	for word, use := range retired {
		if strings.Contains(words, " "+word+" ") {
			return word, use
		}
	}
	return "", ""
}

// camelWords splits "HTTPServerName" into "http", "server", "name".
func camelWords(identifier string) []string {
	var words []string
	runes := []rune(identifier)
	start := 0
	for i := 1; i <= len(runes); i++ {
		end := i == len(runes)
		if !end {
			lowerToUpper := unicode.IsLower(runes[i-1]) && unicode.IsUpper(runes[i])
			acronymEnds := i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsUpper(runes[i]) && unicode.IsLower(runes[i+1])
			end = lowerToUpper || acronymEnds || runes[i] == '_'
		}
		if end {
			if w := strings.Trim(string(runes[start:i]), "_"); w != "" {
				words = append(words, strings.ToLower(w))
			}
			start = i
		}
	}
	return words
}
