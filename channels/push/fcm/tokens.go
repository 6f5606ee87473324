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
	fetchLimit = 10 * time.Second // the longest fetch of a token
	renewAhead = time.Minute      // a token is renewed this long before it expires
)

// account contains the fields of a Google service account's key that this package
// uses.
type account struct {
	Project  string `json:"project_id"`
	Email    string `json:"client_email"`
	Key      string `json:"private_key"`
	KeyID    string `json:"private_key_id"`
	TokenURL string `json:"token_uri"`
}

// parseAccount decodes and checks the key. It returns an error of class Invalid.
func parseAccount(s adapter.Secret) (account, error) {
	var a account
	if json.Unmarshal([]byte(s.Reveal()), &a) != nil {
		return a, touch.Errorf(touch.Invalid, "credentials", "is not the JSON key of a service account")
	}
	if _, err := parse.ParseRSAPrivateKeyFromPEM([]byte(a.Key)); a.Email == "" || err != nil {
		return a, touch.Errorf(touch.Invalid, "credentials", "lacks client_email or an RSA private_key in PEM")
	}
	if a.TokenURL == "" {
		a.TokenURL = "https://oauth2.googleapis.com/token"
	}
	if u, err := url.Parse(a.TokenURL); err != nil || u.Host == "" {
		return a, touch.Errorf(touch.Invalid, "credentials", "has a token_uri that is not a URL")
	}
	return a, nil
}

// tokens caches the bearer token. It is safe for concurrent use. All senders that wait
// share one fetch, and each sender waits only until its own context ends. The token
// source of package oauth2 does not do that: it holds a lock during the fetch, which
// the sender's context cannot end.
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

// get returns a token and true, or a failure and false. The failure is never Unknown,
// because nothing was sent.
func (t *tokens) get(ctx context.Context) (token string, failure touch.Result, ok bool) {
	t.mu.RLock()
	cached := t.token
	t.mu.RUnlock()
	if cached != nil && t.now().Add(renewAhead).Before(cached.Expiry) {
		return cached.AccessToken, touch.Result{}, true
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

// fetch fetches a token and caches it. Its context does not depend on a sender, because
// several senders may wait for the same fetch.
func (t *tokens) fetch() (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchLimit)
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: withContext{ctx, t.rt}})
	got, err := t.fetcher.TokenSource(ctx).Token()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.token = got
	t.mu.Unlock()
	return got.AccessToken, nil
}

// withContext is a transport that replaces the context of each request. Package oauth2
// makes its requests without the context of the fetch.
type withContext struct {
	ctx context.Context
	rt  http.RoundTripper
}

func (b withContext) RoundTrip(r *http.Request) (*http.Response, error) {
	return b.rt.RoundTrip(r.WithContext(b.ctx))
}

// drop removes a token that FCM rejected from the cache. It keeps a newer token.
func (t *tokens) drop(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && t.token.AccessToken == token {
		t.token = nil
	}
}

// refused returns the result for a failed fetch: Misconfigured if Google refuses the
// account, otherwise Retryable. Nothing was sent in either case.
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
