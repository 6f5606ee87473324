package policyfmt

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// parse reads exactly one document, and keeps its comments. Errors are of class
// Invalid.
func parse(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var root, more yaml.Node
	switch err := d.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, touch.Errorf(touch.Invalid, "", "the document is empty")
	case err != nil:
		return nil, touch.Errorf(touch.Invalid, "", "not YAML: %w", err)
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, touch.Errorf(touch.Invalid, "", "a file holds one document")
	}
	return &root, nil
}

// mapValue returns the value of a key. It returns nil when n is not a mapping or
// does not have the key.
func mapValue(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// items returns the items of a list, and none when n is not a list.
func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}
