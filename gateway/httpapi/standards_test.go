package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestSchemeHasNoCase(t *testing.T) {
	f := newFixture(t, nil)
	for header, want := range map[string]int{
		"Bearer dev-key": 200, "bearer dev-key": 200, "BEARER dev-key": 200, "Bearer  dev-key": 200,
		"Basic dev-key": 401, "dev-key": 401, "Bearer": 401, "": 401,
	} {
		a := f.call("GET", "/v1/templates", "", "", "Authorization", header)
		if a.StatusCode != want {
			t.Errorf("%q: %d, want %d", header, a.StatusCode, want)
		}
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprint(z, inboxTouch("k", "c"))
	z.Close()
	f.call("POST", "/v1/touches", "dev-key", zipped.String(), "Content-Encoding", "GZIP")
}

func TestHead(t *testing.T) {
	f := newFixture(t, nil)
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/openapi.json": 200, "/v1/templates": 200, "/v1/customers/nobody": 404, "/v1/app/stream": 405,
	} {
		req, err := http.NewRequestWithContext(t.Context(), "HEAD", f.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer dev-key")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

func TestByteOrderMark(t *testing.T) {
	f := newFixture(t, nil)
	const mark = "\ufeff"
	a := f.dev(http.StatusOK, "POST", "/v1/campaigns/bom/touches", mark+inboxTouch("b1", "b1")+"\n"+inboxTouch("b2", "b2")+"\n")
	if _, total := reports(t, a.body); total.Accepted != 2 {
		t.Errorf("the stream: %s", a.body)
	}
	f.dev(http.StatusAccepted, "POST", "/v1/touches", mark+inboxTouch("b3", "b3"))
	f.dev(http.StatusBadRequest, "POST", "/v1/touches", mark+mark+inboxTouch("b4", "b4"))
}

func TestLongNumbers(t *testing.T) {
	f := newFixture(t, nil)
	for number, want := range map[string]int{
		"9007199254740991": 200, "-9007199254740991": 200, "0.1": 200, "1e3": 200,
		"9007199254740993": 422, "9007199254740992": 422, "-9007199254740993": 422, "123456789012345678901234567890": 422, "1e30": 422,
	} {
		a := f.call("PUT", "/v1/customers/n", "dev-key", `{"attributes":{"account":`+number+`}}`)
		if a.StatusCode != want {
			t.Errorf("%s: %d, want %d: %s", number, a.StatusCode, want, a.body)
		}
	}
	a := f.dev(http.StatusOK, "PUT", "/v1/customers/n", `{"attributes":{"account":"123456789012345678901234567890"}}`)
	if !strings.Contains(string(a.body), "123456789012345678901234567890") {
		t.Errorf("a text lost its digits: %s", a.body)
	}
}

func TestListPages(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusOK, "POST", "/v1/suppressions", `{"entries":[
		{"customer":"p1","scope":"marketing","owner":"o","reason":"r","for_ever":true},
		{"customer":"p1","scope":"service","owner":"o","reason":"r","for_ever":true}]}`)
	var scopes []string
	for after := ""; ; {
		a := f.dev(http.StatusOK, "GET", "/v1/suppressions?limit=1&after="+after, "")
		var page struct {
			Items []struct{ Scope string }
			Next  string
		}
		a.into(t, &page)
		for _, item := range page.Items {
			scopes = append(scopes, item.Scope)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if fmt.Sprint(scopes) != "[marketing service]" {
		t.Errorf("listed %v", scopes)
	}
	f.dev(http.StatusUnprocessableEntity, "GET", "/v1/suppressions?after=customer:p1", "")
}
