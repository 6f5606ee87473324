package httpapi

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"touchgate.dev/touch"
)

func document31(t testing.TB) *openapi3.T {
	t.Helper()
	p, err := renderPublication()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(p.json)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentIsOpenAPI31(t *testing.T) {
	doc := document31(t)
	if !doc.IsOpenAPI31OrLater() {
		t.Fatal("the document is not OpenAPI 3.1")
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestRoutesAndDocumentAgree compares both ways, and the security with the
// access that a route asks for.
func TestRoutesAndDocumentAgree(t *testing.T) {
	doc := document31(t)
	documented := make(map[string]*openapi3.Operation)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			documented[method+" "+path] = op
		}
	}
	for _, r := range (&handlers{}).routes() {
		name := r.method + " " + r.path
		op := documented[name]
		if op == nil {
			t.Errorf("%s is served and not documented", name)
			continue
		}
		delete(documented, name)
		switch {
		case r.access.scope != "":
			if !strings.Contains(op.Description, "Scope `"+string(r.access.scope)+"`.") {
				t.Errorf("%s asks for scope %s; the document does not say so", name, r.access.scope)
			}
			if op.Security != nil {
				t.Errorf("%s asks for an API key; the document says otherwise", name)
			}
		case r.access.audience != "":
			if op.Security == nil || len(*op.Security) != 1 || (*op.Security)[0][r.access.audience+"Token"] == nil {
				t.Errorf("%s asks for a token for %s; the document says otherwise", name, r.access.audience)
			}
		default:
			if op.Security == nil || len(*op.Security) != 0 {
				t.Errorf("%s is open; the document says otherwise", name)
			}
		}
		for _, name := range parameter.FindAllStringSubmatch(r.path, -1) {
			shared := doc.Paths.Value(r.path).Parameters
			if op.Parameters.GetByInAndName("path", name[1]) == nil && shared.GetByInAndName("path", name[1]) == nil {
				t.Errorf("%s: parameter %s is not documented", r.path, name[1])
			}
		}
		var query []string
		for _, p := range op.Parameters {
			if p.Value.In == "query" {
				query = append(query, p.Value.Name)
			}
		}
		if !slices.Equal(query, r.query) {
			t.Errorf("%s knows the query parameters %q; the document has %q", name, r.query, query)
		}
	}
	for name := range documented {
		t.Errorf("%s is documented and not served", name)
	}
}

func TestDocsPageIsComplete(t *testing.T) {
	p, err := renderPublication()
	if err != nil {
		t.Fatal(err)
	}
	page := string(p.page)
	for _, r := range (&handlers{}).routes() {
		if !strings.Contains(page, r.path) {
			t.Errorf("the page does not show %s", r.path)
		}
	}
	for _, outside := range []string{"src=", "http://", "<script", "@import"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page holds %q: it must stand alone", outside)
		}
	}
}

// TestDocumentListsChannels compares the enumerations with the tables in touch.
func TestDocumentListsChannels(t *testing.T) {
	schemas := document31(t).Components.Schemas
	var channels, categories []any
	for _, c := range touch.Channels() {
		channels = append(channels, string(c))
	}
	for _, c := range touch.Categories() {
		categories = append(categories, string(c))
	}
	if got := schemas["Channel"].Value.Enum; !slices.Equal(got, channels) {
		t.Errorf("the document has the channels %v, touch has %v", got, channels)
	}
	if got := schemas["Category"].Value.Enum; !slices.Equal(got, categories) {
		t.Errorf("the document has the categories %v, touch has %v", got, categories)
	}
}
