package ruleset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/internal/strictyaml"
	"touchgate.dev/touch"
)

// reader reads one file's YAML tree and collects every fault.
type reader struct {
	file     string
	faults   *touch.Faults
	warnings *touch.Faults
	stored   bool // see Options.Stored
}

// fault reports what is wrong with a node; a nil node is the whole file.
func (r *reader) fault(n *yaml.Node, hint, format string, args ...any) {
	line := 0
	if n != nil {
		line = n.Line
	}
	*r.faults = append(*r.faults, touch.Fault{File: r.file, Line: line, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// warn reports what is doubtful about a node, and no fault.
func (r *reader) warn(n *yaml.Node, hint, format string, args ...any) {
	found := touch.Faults{}
	aside := reader{file: r.file, faults: &found}
	aside.fault(n, hint, format, args...)
	*r.warnings = append(*r.warnings, found...)
}

// recent reports a fault that the program did not find in earlier versions. A
// set that is in force may have it: of that it is a warning, because without its
// rules nothing could be sent, or everything.
func (r *reader) recent(n *yaml.Node, hint, format string, args ...any) {
	if r.stored {
		r.warn(n, hint, format, args...)
		return
	}
	r.fault(n, hint, format, args...)
}

// broken reports an error of the YAML library or of a calendar.
func (r *reader) broken(err error, data []byte) {
	f := touch.Fault{File: r.file, Message: strings.ReplaceAll(err.Error(), "yaml: ", "")}
	if m := yamlLine.FindStringSubmatch(f.Message); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
		f.Message = strings.Replace(f.Message, m[0], "", 1)
		if strings.Contains(f.Message, "did not find expected") && !strings.Contains(f.Message, "node content") {
			f.Line++ // the library counts these from 0
		}
	}
	if strings.Contains(f.Message, "expected ',' or") || strings.Contains(f.Message, "mapping values are not allowed") {
		if line, key := flowFault(data); line > 0 {
			f.Line = line
			f.Message = "not YAML: a text in braces ends at a comma, a bracket or a quote"
			f.Hint = "put the whole condition in single quotes"
			if key != "" {
				f.Hint += ", as in " + key + ": 'consented(\"marketing\", \"2 years\")'"
			}
		}
	}
	if strings.Contains(f.Message, "cannot start any token") {
		f.Hint = "indent with spaces, not with tabs"
	}
	*r.faults = append(*r.faults, f)
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// parse reads the file's one document.
func (r *reader) parse(data []byte) *yaml.Node {
	if len(data) > maxDocument {
		r.fault(nil, "", "the document is larger than %d MiB", maxDocument>>20)
		return nil
	}
	if at := invalidUTF8(data); at > 0 {
		r.fault(&yaml.Node{Line: at}, "save the file as UTF-8", "not YAML: a letter in another encoding")
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var root, more yaml.Node
	switch err := d.Decode(&root); {
	case errors.Is(err, io.EOF):
		r.fault(nil, "", "the document is empty")
		return nil
	case err != nil:
		r.broken(fmt.Errorf("not YAML: %w", err), data)
		return nil
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		r.fault(&more, "", "a file holds one document")
		return nil
	}
	return root.Content[0]
}

// maxDocument is how many bytes a document may have.
const maxDocument = 4 << 20

// invalidUTF8 is the line of the first letter that is not UTF-8, 0 if there is
// none. UTF-16 with a byte order mark is left to the YAML library.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) || bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return 0
	}
	at := 0
	for at < len(data) {
		letter, size := utf8.DecodeRune(data[at:])
		if letter == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return 1 + bytes.Count(data[:at], []byte("\n"))
}

// fields returns the values of a mapping by their keys. Unknown keys, repeated
// keys and aliases are faults.
func (r *reader) fields(n *yaml.Node, known ...string) map[string]*yaml.Node {
	got := map[string]*yaml.Node{}
	if n.Kind != yaml.MappingNode {
		r.fault(n, "", "expected keys and values, with keys %s", strings.Join(known, ", "))
		return got
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode || v.Kind == yaml.AliasNode || v.Anchor != "":
			r.fault(k, "", "anchors, aliases and merged keys are not allowed: a policy says everything where it stands")
		case !slices.Contains(known, k.Value):
			hint := strictyaml.DidYouMean(k.Value, known)
			if strings.ContainsAny(k.Value, `)]"'`) {
				hint = "put a condition with commas in quotes"
			}
			r.fault(k, hint, "unknown key %q", k.Value)
		case got[k.Value] != nil:
			r.fault(k, "", "the key %q stands here twice", k.Value)
		default:
			got[k.Value] = v
		}
	}
	return got
}
