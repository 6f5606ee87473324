package httpapi

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Our paths may end in a verb, "/v1/touches/{id}:cancel". gin reads a colon as
// the start of a parameter, so within gin a verb is a segment of its own,
// "/v1/touches/:id/~cancel": verbs moves it there, ginPath writes it so. Only
// a colon that stands unescaped in the last segment of a POST is a verb's; in
// a name it is written %3A.

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// ginPath writes an OpenAPI path as gin wants it.
func ginPath(path string) string {
	path = strings.ReplaceAll(path, ":", "/~")
	return parameter.ReplaceAllString(path, ":$1")
}

// verbs moves a verb at the end of the path into a segment of its own.
func verbs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		escaped := r.URL.EscapedPath()
		colon := strings.LastIndexByte(escaped, ':')
		if r.Method == http.MethodPost && colon > strings.LastIndexByte(escaped, '/') {
			escaped = escaped[:colon] + "/~" + escaped[colon+1:]
			if path, err := url.PathUnescape(escaped); err == nil {
				u := *r.URL
				u.Path, u.RawPath = path, escaped
				moved := *r
				moved.URL = &u
				r = &moved
			}
		}
		next.ServeHTTP(w, r)
	})
}
