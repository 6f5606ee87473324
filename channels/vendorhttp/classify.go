package vendorhttp

import (
	"net/http"
	"strconv"
	"time"

	"touchgate.dev/touch"
)

// How long to wait when a vendor throttles without saying how long, and the
// longest that it is believed.
const (
	defaultRetryAfter = time.Second
	maxRetryAfter     = 24 * time.Hour
)

// Classify gives the result class of an answer that is not a success, by its
// status alone. It is for creates: a 5xx is Unknown, since the vendor may have
// stored the message before it failed. An adapter whose vendor documents more
// decides first and calls this for the rest.
func Classify(r Reply, now time.Time) touch.Result {
	out := touch.Result{Code: strconv.Itoa(r.Status)}
	switch {
	case r.Status == http.StatusTooManyRequests:
		out.Class, out.RetryAfter = touch.ResultThrottled, RetryAfter(r.Header, now)
	case r.Status == http.StatusUnauthorized, r.Status == http.StatusForbidden, r.Status == http.StatusProxyAuthRequired:
		out.Class = touch.ResultMisconfigured
	case r.Status == http.StatusRequestTimeout:
		out.Class = touch.ResultRetryable // the vendor never had the whole request
	case r.Status >= 300 && r.Status < 400:
		out.Class, out.Detail = touch.ResultMisconfigured, "the address redirects"
	case r.Status >= 400 && r.Status < 500:
		out.Class, out.Reason = touch.ResultRejected, touch.ReasonOther
	default:
		out.Class = touch.ResultUnknown
	}
	return out
}

// RetryAfter reads the header of that name, in seconds or as a date; a second
// when it is missing or broken.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	wait := defaultRetryAfter
	if s, err := strconv.Atoi(text); err == nil {
		wait = time.Duration(min(s, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return Wait(wait)
}

// Wait bounds a delay that a vendor asked for.
func Wait(d time.Duration) time.Duration { return min(max(d, 0), maxRetryAfter) }

// Code makes a vendor's code safe to keep: short, printable, and without a run
// of digits that could be an address. Anything else is dropped whole.
func Code(s string) string {
	if len(s) > 48 {
		return ""
	}
	digits := 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			if digits++; digits >= 7 {
				return ""
			}
			continue
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '.', c == '_', c == '-', c == ':', c == '/':
		default:
			return ""
		}
		digits = 0
	}
	return s
}
