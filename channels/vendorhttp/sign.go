package vendorhttp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"touchgate.dev/touch"
)

// The headers of Standard Webhooks, in the form that net/http stores.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// How far a signature's time may be from ours, in either direction.
const tolerance = 5 * time.Minute

// Key signs and verifies by the Standard Webhooks specification. It is our own
// sixty lines, since the library reads the wall clock and copies the body to
// format it; the tests hold the two against each other.
// It is safe for concurrent use.
type Key struct{ macs *sync.Pool }

// newKey keeps hashes that are keyed already: keying one costs more than
// signing a message.
func newKey(secret []byte) Key {
	return Key{&sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

// ParseKey reads "whsec_" and at least 16 bytes in base64. The error does not
// quote the secret.
func ParseKey(s string) (Key, error) {
	text, ok := strings.CutPrefix(s, "whsec_")
	b, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(b) < 16 {
		return Key{}, touch.Errorf(touch.Invalid, "secret", `must be "whsec_" and at least 16 bytes in base64`)
	}
	return newKey(b), nil
}

// FormatKey writes a secret of raw bytes as ParseKey reads it.
func FormatKey(raw []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(raw) }

// Sign sets the three headers for a body.
func (k Key) Sign(h http.Header, id string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	h[HeaderID] = []string{id}
	h[HeaderTimestamp] = []string{stamp}
	h[HeaderSignature] = []string{"v1," + base64.StdEncoding.EncodeToString(k.sum(id, stamp, body))}
}

// Verify checks the three headers against a body; the error has class
// Unauthenticated.
func (k Key) Verify(h http.Header, now time.Time, body []byte) error {
	id, stamp := h.Get(HeaderID), h.Get(HeaderTimestamp)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if id == "" || err != nil {
		return touch.Errorf(touch.Unauthenticated, "", "the signature headers are missing or broken")
	}
	if off := now.Sub(time.Unix(seconds, 0)); off > tolerance || off < -tolerance {
		return touch.Errorf(touch.Unauthenticated, "", "the signature's time is more than %s from ours", tolerance)
	}
	want := k.sum(id, stamp, body)
	for given := range strings.FieldsSeq(h.Get(HeaderSignature)) {
		text, ok := strings.CutPrefix(given, "v1,")
		if got, err := base64.StdEncoding.DecodeString(text); ok && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return touch.Errorf(touch.Unauthenticated, "", "the signature does not match")
}

func (k Key) sum(id, stamp string, body []byte) []byte {
	mac := k.macs.Get().(hash.Hash)
	defer k.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}
