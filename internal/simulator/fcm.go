package simulator

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"touchgate.dev/touch"
)

// oauth issues bearer tokens for the simulated FCM. It is safe for concurrent use.
type oauth struct {
	mu     sync.RWMutex
	tokens map[string]time.Time // token -> expiry
}

// tokenLife is how long a token is valid. Google uses the same time.
const tokenLife = time.Hour

// issue returns a new token, which is valid for tokenLife.
func (o *oauth) issue(now time.Time) string {
	token := rand.Text()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tokens == nil {
		o.tokens = map[string]time.Time{}
	}
	o.tokens[token] = now.Add(tokenLife)
	return token
}

// valid reports whether the token was issued and has not expired.
func (o *oauth) valid(token string, now time.Time) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return now.Before(o.tokens[token])
}

// RevokeTokens makes all tokens issued so far invalid. Rotating a service account's key
// at Google has the same effect.
func (s *Simulator) RevokeTokens() {
	s.oauth.mu.Lock()
	s.oauth.tokens = nil
	s.oauth.mu.Unlock()
}

// serveFCM handles Google's token endpoint and FCM HTTP v1.
func (s *Simulator) serveFCM(w http.ResponseWriter, r *http.Request, p *provider, rest string, body []byte) {
	switch {
	case r.Method != http.MethodPost:
		http.NotFound(w, r)
	case rest == "token":
		s.serveToken(w, p, body)
	case !strings.HasSuffix(rest, "/messages:send"):
		http.NotFound(w, r)
	case !s.oauth.valid(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), s.o.Now()):
		googleError(w, http.StatusUnauthorized, "UNAUTHENTICATED", "")
	default:
		var in fcmRequest
		if len(body) > 8<<10 || json.Unmarshal(body, &in) != nil || in.Message.Token == "" {
			googleError(w, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
			return
		}
		m := message{
			id: in.Message.Data["touchgate_id"], channel: touch.Push, address: in.Message.Token,
			text: in.Message.Notification.Title + in.Message.Notification.Body, resend: in.Message.Data["touchgate_resend"] == "true",
		}
		s.handleCall(w, r, p, []message{m}, false, fcmResponder{})
	}
}

// serveToken exchanges a signed assertion for a bearer token. It checks the claims
// of the assertion, not its signature.
func (s *Simulator) serveToken(w http.ResponseWriter, p *provider, body []byte) {
	if f, ok := p.behaviour.get().drawFault(s.random(p.name, "token", 0), s.o.Now(), false); ok && f.Kind == Misconfigured {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
		return
	}
	values, err := url.ParseQuery(string(body))
	claims := jwt.MapClaims{}
	if err == nil {
		_, _, err = jwt.NewParser().ParseUnverified(values.Get("assertion"), claims)
	}
	if scope, _ := claims["scope"].(string); err != nil || !strings.Contains(scope, "firebase.messaging") {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": s.oauth.issue(s.o.Now()), "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()),
	})
}

// fcmRequest is the part of FCM's request that the simulator reads.
type fcmRequest struct {
	Message struct {
		Token        string            `json:"token"`
		Data         map[string]string `json:"data"`
		Notification struct {
			Title string `json:"title"`
			Body  string `json:"body"`
		} `json:"notification"`
	} `json:"message"`
}

// fcmResponder responds in FCM's format.
type fcmResponder struct{}

func (fcmResponder) idempotencyWindow() time.Duration { return 0 }

func (fcmResponder) accepted(w http.ResponseWriter, results []messageResult) {
	switch results[0].rejected {
	case "":
		writeJSON(w, http.StatusOK, map[string]string{"name": "projects/p/messages/" + results[0].vendorID})
	case touch.ReasonBadTarget:
		googleError(w, http.StatusNotFound, "NOT_FOUND", "UNREGISTERED")
	default:
		googleError(w, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
	}
}

func (fcmResponder) fault(w http.ResponseWriter, f Fault, id string) {
	switch f.Kind {
	case Throttle:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(f.RetryAfter.Std()/time.Second))))
		googleError(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
	case Misconfigured:
		googleError(w, http.StatusForbidden, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")
	default:
		if f.Status == http.StatusServiceUnavailable {
			googleError(w, f.Status, "UNAVAILABLE", "UNAVAILABLE")
			return
		}
		googleError(w, http.StatusInternalServerError, "INTERNAL", "INTERNAL")
	}
}

// googleError responds with an error in Google's format. If code is "" it omits the
// details that only FCM adds.
func googleError(w http.ResponseWriter, status int, name, code string) {
	body := map[string]any{"code": status, "status": name, "message": name}
	if code != "" {
		body["details"] = []map[string]string{{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}}
	}
	writeJSON(w, status, map[string]any{"error": body})
}
