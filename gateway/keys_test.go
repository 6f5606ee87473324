package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"touchgate.dev/gateway"
	"touchgate.dev/touch"
)

func TestKeys(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	text, k, err := h.CreateKey(ctx, "engine", []string{"submit", "read"})
	if err != nil || !strings.HasPrefix(text, "tg_"+k.ID+"_") {
		t.Fatalf("%q, %v", text, err)
	}
	p, err := h.Authenticate(ctx, text)
	if err != nil || p.Caller != "engine" || p.Key != k.ID || !p.May(gateway.ScopeSubmit) || p.May(gateway.ScopeAdmin) {
		t.Fatalf("%+v, %v", p, err)
	}
	keys, _ := h.Keys(ctx)
	if len(keys) != 1 || strings.Contains(text, string(keys[0].Hash[:])) {
		t.Errorf("keys %+v", keys)
	}
	wrong := text[:len(text)-1] + map[bool]string{true: "1", false: "0"}[text[len(text)-1] == '0']
	for _, bad := range []string{"", "tg_", "tg_x_y", wrong, "tg_" + k.ID + "_", strings.ToUpper(text), "dev-key"} {
		if _, err := h.Authenticate(ctx, bad); touch.ClassOf(err) != touch.Unauthenticated {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, _, err := h.CreateKey(ctx, "engine", []string{"root"}); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("an unknown scope: %v", err)
	}
	if err := h.RevokeKey(ctx, k.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(ctx, text); touch.ClassOf(err) != touch.Unauthenticated {
		t.Errorf("revoked: %v", err)
	}
}

func TestARevocationElsewhereBindsWithinFiveSeconds(t *testing.T) {
	h := newHouse(t)
	text, k, err := h.CreateKey(t.Context(), "engine", []string{"submit"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if err := h.ledger.Keys.Revoke(t.Context(), k.ID, noon); err != nil { // by another node
		t.Fatal(err)
	}
	h.sleep(5 * time.Second)
	if _, err := h.Authenticate(t.Context(), text); touch.ClassOf(err) != touch.Unauthenticated {
		t.Errorf("still good after 5 s: %v", err)
	}
}

func TestTokens(t *testing.T) {
	h := newHouse(t)
	text, expires, err := h.MintToken(gateway.AudienceApp, gateway.Token{Subject: "c1"}, time.Minute)
	if err != nil || !expires.Equal(noon.Add(time.Minute)) {
		t.Fatal(expires, err)
	}
	got, err := h.ReadToken(text, gateway.AudienceApp)
	if err != nil || got.Subject != "c1" {
		t.Fatalf("%+v, %v", got, err)
	}
	claims := jwt.RegisteredClaims{Issuer: "touchgate", Subject: "c2", Audience: jwt.ClaimStrings{"app"}, ExpiresAt: jwt.NewNumericDate(noon.Add(time.Hour))}
	none, _ := jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
	other, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("another secret"))
	claims.ExpiresAt = nil
	endless, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("0123456789abcdef0123456789abcdef"))
	for name, bad := range map[string]string{"none": none, "other secret": other, "without end": endless, "empty": "", "cut": text[:len(text)-2]} {
		if _, err := h.ReadToken(bad, gateway.AudienceApp); touch.ClassOf(err) != touch.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.ReadToken(text, gateway.AudienceDesk); touch.ClassOf(err) != touch.Unauthenticated {
		t.Errorf("a customer at the desk: %v", err)
	}
	h.sleep(time.Minute)
	if _, err := h.ReadToken(text, gateway.AudienceApp); touch.ClassOf(err) != touch.Unauthenticated {
		t.Errorf("expired: %v", err)
	}
	for _, d := range []time.Duration{time.Second, 25 * time.Hour} {
		if _, _, err := h.MintToken(gateway.AudienceApp, gateway.Token{Subject: "c1"}, d); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%s: %v", d, err)
		}
	}
}
