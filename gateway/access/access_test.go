package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/touch"
)

func TestKeys(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	text, k, err := f.Keys.Create(ctx, "ops", "engine", []string{"submit", "read"})
	if err != nil || !strings.HasPrefix(text, "tg_"+k.ID+"_") {
		t.Fatalf("%q, %v", text, err)
	}
	p, err := f.Keys.Authenticate(ctx, text)
	if err != nil || p.Caller != "engine" || p.Key != k.ID || !p.May(access.ScopeSubmit) || p.May(access.ScopeAdmin) {
		t.Fatalf("%+v, %v", p, err)
	}
	keys, _ := f.Ledger.Keys.List(ctx, "", 10)
	if len(keys) != 1 || strings.Contains(text, string(keys[0].Hash[:])) {
		t.Errorf("keys %+v", keys)
	}
	wrong := text[:len(text)-1] + map[bool]string{true: "1", false: "0"}[text[len(text)-1] == '0']
	for _, bad := range []string{"", "tg_", "tg_x_y", wrong, "tg_" + k.ID + "_", strings.ToUpper(text), "dev-key"} {
		if _, err := f.Keys.Authenticate(ctx, bad); touch.ClassOf(err) != touch.Unauthenticated {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, _, err := f.Keys.Create(ctx, "ops", "engine", []string{"root"}); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("an unknown scope: %v", err)
	}
	if err := f.Keys.Revoke(ctx, "ops", k.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Keys.Authenticate(ctx, text); touch.ClassOf(err) != touch.Unauthenticated {
		t.Errorf("revoked: %v", err)
	}
}

func TestRevocationOnOtherNode(t *testing.T) {
	f := gatewaytest.New(t)
	text, k, err := f.Keys.Create(t.Context(), "ops", "engine", []string{"submit"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Keys.Authenticate(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if err := f.Ledger.Keys.Revoke(t.Context(), k.ID, "ops", gatewaytest.Noon); err != nil { // by another node
		t.Fatal(err)
	}
	f.Advance(5 * time.Second)
	if _, err := f.Keys.Authenticate(t.Context(), text); touch.ClassOf(err) != touch.Unauthenticated {
		t.Errorf("still good after 5 s: %v", err)
	}
}

func TestTokens(t *testing.T) {
	f := gatewaytest.New(t)
	text, expires, err := f.Tokens.Mint(access.AudienceApp, access.Token{Subject: "c1"}, time.Minute)
	if err != nil || !expires.Equal(gatewaytest.Noon.Add(time.Minute)) {
		t.Fatal(expires, err)
	}
	got, err := f.Tokens.Read(text, access.AudienceApp)
	if err != nil || got.Subject != "c1" {
		t.Fatalf("%+v, %v", got, err)
	}
	claims := jwt.RegisteredClaims{Issuer: "touchgate", Subject: "c2", Audience: jwt.ClaimStrings{"app"}, ExpiresAt: jwt.NewNumericDate(gatewaytest.Noon.Add(time.Hour))}
	none, _ := jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
	other, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("another secret"))
	claims.ExpiresAt = nil
	endless, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("0123456789abcdef0123456789abcdef"))
	for name, bad := range map[string]string{"none": none, "other secret": other, "without end": endless, "empty": "", "cut": text[:len(text)-2]} {
		if _, err := f.Tokens.Read(bad, access.AudienceApp); touch.ClassOf(err) != touch.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.Tokens.Read(text, access.AudienceDesk); touch.ClassOf(err) != touch.Unauthenticated {
		t.Errorf("a customer at the desk: %v", err)
	}
	f.Advance(time.Minute)
	if _, err := f.Tokens.Read(text, access.AudienceApp); touch.ClassOf(err) != touch.Unauthenticated {
		t.Errorf("expired: %v", err)
	}
	for _, d := range []time.Duration{time.Second, 25 * time.Hour} {
		if _, _, err := f.Tokens.Mint(access.AudienceApp, access.Token{Subject: "c1"}, d); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%s: %v", d, err)
		}
	}
}
