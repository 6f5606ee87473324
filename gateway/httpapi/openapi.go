package httpapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// openapiYAML is the reviewed document; the routes must agree with it.
//
//go:embed openapi.yaml
var openapiYAML []byte

//go:embed docs.html
var docsHTML string

// docsHandlers serve the OpenAPI document and a page that shows it.
type docsHandlers struct {
	render func() (publication, error) // once, when it is first asked for
}

// publication is the document in the two forms that are served.
type publication struct {
	json []byte
	page []byte
}

func renderPublication() (publication, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(openapiYAML, &tree); err != nil {
		return publication{}, err
	}
	asJSON, err := json.Marshal(tree)
	if err != nil {
		return publication{}, err
	}
	asPage, err := renderPage(asJSON)
	return publication{json: asJSON, page: asPage}, err
}

func (h docsHandlers) openapi(c *request) error {
	p, err := h.render()
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "application/json", p.json)
	return nil
}

func (h docsHandlers) page(c *request) error {
	p, err := h.render()
	if err != nil {
		return err
	}
	c.Header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	c.Data(http.StatusOK, "text/html; charset=utf-8", p.page)
	return nil
}

// document is the part of OpenAPI that the page shows.
type document struct {
	Info struct{ Title, Version, Summary, Description string }
	Tags []struct{ Name, Description string }
	// Paths holds, beside operations, parameters that all of them share.
	Paths      map[string]map[string]json.RawMessage
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	Path, Method         string
	Summary, Description string
	Tags                 []string
}

type schema struct {
	Description string
	Required    []string
	Enum        []any
	Properties  map[string]schema
	Type        any
	Format      string
	Items       *schema
	Ref         string `json:"$ref"`
}

// renderPage writes the page: operations by tag, then the schemas.
func renderPage(openapi []byte) ([]byte, error) {
	var doc document
	if err := json.Unmarshal(openapi, &doc); err != nil {
		return nil, err
	}
	byTag := make(map[string][]operation)
	for path, methods := range doc.Paths {
		for method, raw := range methods {
			if method == "parameters" {
				continue
			}
			op := operation{Path: path, Method: strings.ToUpper(method)}
			if err := json.Unmarshal(raw, &op); err != nil {
				return nil, err
			}
			byTag[op.Tags[0]] = append(byTag[op.Tags[0]], op)
		}
	}
	for _, ops := range byTag {
		slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	}
	page, err := template.New("docs").Funcs(template.FuncMap{
		"kind": schema.kind, "needs": schema.requires,
		"ops": func(tag string) []operation { return byTag[tag] },
	}).Parse(docsHTML)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, doc)
	return out.Bytes(), err
}

// kind returns a property's type in few words.
func (s schema) kind() string {
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Items != nil:
		return "list of " + s.Items.kind()
	case s.Format != "":
		return s.Format
	}
	if word, ok := s.Type.(string); ok {
		return word
	}
	return "value"
}

// requires reports whether a property must be given.
func (s schema) requires(name string) bool { return slices.Contains(s.Required, name) }
