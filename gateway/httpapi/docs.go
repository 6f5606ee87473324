package httpapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// openapiYAML is the reviewed document; the routes must agree with it.
//
//go:embed openapi.yaml
var openapiYAML []byte

//go:embed docs.html
var docsHTML string

// publication is the document in the two forms that are served.
type publication struct{ json, page []byte }

func publish() (p publication, err error) {
	var tree map[string]any
	if err = yaml.Unmarshal(openapiYAML, &tree); err != nil {
		return p, err
	}
	if p.json, err = json.Marshal(tree); err != nil {
		return p, err
	}
	p.page, err = renderDocs(p.json)
	return p, err
}

func (a *api) openapi(c *call) error {
	p, err := a.publish()
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "application/json", p.json)
	return nil
}

func (a *api) docs(c *call) error {
	p, err := a.publish()
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

// renderDocs writes the page: operations by tag, then the shapes.
func renderDocs(openapi []byte) ([]byte, error) {
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
		sort.Slice(ops, func(i, j int) bool { return ops[i].Path+ops[i].Method < ops[j].Path+ops[j].Method })
	}
	page, err := template.New("docs").Funcs(template.FuncMap{
		"kind": schema.kind, "needs": schema.needs,
		"ops": func(tag string) []operation { return byTag[tag] },
	}).Parse(docsHTML)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, doc)
	return out.Bytes(), err
}

// kind is a property's type in few words.
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

func (s schema) needs(name string) bool {
	for _, r := range s.Required {
		if r == name {
			return true
		}
	}
	return false
}
