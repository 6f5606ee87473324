package fcm

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	parse "github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"
	"golang.org/x/sync/singleflight"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

const (
	scope      = "https://www.googleapis.com/auth/firebase.messaging"
	fetchBound = 10 * time.Second
	earlier    = time.Minute // a token is renewed before it ends
)

// account is Google's service account key, the parts that are used.
type account struct {
	Project  string `json:"project_id"`
	Email    string `json:"client_email"`
	Key      string `json:"private_key"`
	KeyID    string `json:"private_key_id"`
	TokenURL string `json:"token_uri"`
}

func parseAccount(s adapter.Secret) (account, error) {
	var a account
	if json.Unmarshal([]byte(s.Reveal()), &a) != nil {
		return a, touch.Errorf(touch.Invalid, "credentials", "is not a service account's JSON key")
	}
	if _, err := parse.ParseRSAPrivateKeyFromPEM([]byte(a.Key)); a.Email == "" || err != nil {
		return a, touch.Errorf(touch.Invalid, "credentials", "lacks client_email or an RSA private_key in PEM")
	}
	if a.TokenURL == "" {
		a.TokenURL = "https://oauth2.googleapis.com/token"
	}
	if u, err := url.Parse(a.TokenURL); err != nil || u.Host == "" {
		return a, touch.Errorf(touch.Invalid, "credentials", "has a token_uri that is not an address")
	}
	return a, nil
}

// tokens keeps the bearer token. One fetch serves all who wait, and each waits
// only as long as its own context: oauth2's own token source would hold a lock
// over a call that no sender's context ends.
type tokens struct {
	fetcher jwt.Config
	rt      http.RoundTripper
	now     func() time.Time
	flight  singleflight.Group

	mu    sync.RWMutex
	token *oauth2.Token
}

func newTokens(a account, o adapter.Options) *tokens {
	return &tokens{rt: o.Transport, now: o.Now, fetcher: jwt.Config{
		Email: a.Email, PrivateKey: []byte(a.Key), PrivateKeyID: a.KeyID, Scopes: []string{scope}, TokenURL: a.TokenURL,
	}}
}

// get gives a token, or a failure that is surely not a send.
func (t *tokens) get(ctx context.Context) (token string, failure touch.Result, ok bool) {
	t.mu.RLock()
	kept := t.token
	t.mu.RUnlock()
	if kept != nil && t.now().Add(earlier).Before(kept.Expiry) {
		return kept.AccessToken, touch.Result{}, true
	}
	select {
	case got := <-t.flight.DoChan("token", t.fetch):
		if got.Err != nil {
			return "", refused(got.Err), false
		}
		return got.Val.(string), touch.Result{}, true
	case <-ctx.Done():
		return "", touch.Result{Class: touch.ResultRetryable, Code: "token_timeout", Detail: "no token yet, nothing was sent"}, false
	}
}

func (t *tokens) fetch() (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchBound)
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: bound{ctx, t.rt}})
	got, err := t.fetcher.TokenSource(ctx).Token()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.token = got
	t.mu.Unlock()
	return got.AccessToken, nil
}

// bound puts a context over requests that were made without one.
type bound struct {
	ctx context.Context
	rt  http.RoundTripper
}

func (b bound) RoundTrip(r *http.Request) (*http.Response, error) {
	return b.rt.RoundTrip(r.WithContext(b.ctx))
}

// drop forgets a token that the vendor no longer takes.
func (t *tokens) drop(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && t.token.AccessToken == token {
		t.token = nil
	}
}

// refused words why there is no token; nothing was sent in any case.
func refused(err error) touch.Result {
	var e *oauth2.RetrieveError
	if errors.As(err, &e) && e.Response != nil && e.Response.StatusCode/100 == 4 && e.Response.StatusCode != http.StatusTooManyRequests {
		code := vendorhttp.Code(e.ErrorCode)
		if code == "" {
			code = "token_refused"
		}
		return touch.Result{Class: touch.ResultMisconfigured, Code: code, Detail: "the service account is refused"}
	}
	return touch.Result{Class: touch.ResultRetryable, Code: "no_token", Detail: "no token was given, nothing was sent"}
}
