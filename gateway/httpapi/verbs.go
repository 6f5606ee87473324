package httpapi

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Paths may end in a verb: "/v1/touches/{id}:cancel". gin would read the colon
// as the start of a parameter. So within gin a verb is a segment of its own,
// "/v1/touches/:id/~cancel": ginPath writes routes that way, and withVerbs
// rewrites requests. Only an unescaped colon in the last segment of a POST
// starts a verb; a colon in a name is written %3A.

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// ginPath turns an OpenAPI path into gin's form.
func ginPath(path string) string {
	path = strings.ReplaceAll(path, ":", "/~")
	return parameter.ReplaceAllString(path, ":$1")
}

// withVerbs moves a verb at the end of a request's path into a segment of its
// own.
func withVerbs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		escaped := r.URL.EscapedPath()
		colon := strings.LastIndexByte(escaped, ':')
		if r.Method == http.MethodPost && colon > strings.LastIndexByte(escaped, '/') {
			escaped = escaped[:colon] + "/~" + escaped[colon+1:]
			if path, err := url.PathUnescape(escaped); err == nil {
				u := *r.URL
				u.Path = path
				u.RawPath = escaped
				rewritten := *r
				rewritten.URL = &u
				r = &rewritten
			}
		}
		next.ServeHTTP(w, r)
	})
}
