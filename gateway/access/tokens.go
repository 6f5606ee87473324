package access

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// The audiences of tokens.
const (
	AudienceApp  = "app"  // a customer's app: inbox and pop-ups
	AudienceDesk = "desk" // a relationship manager's desk: tasks
)

const (
	tokenIssuer          = "touchgate"
	tokenDefaultLifetime = time.Hour
	tokenMaxLifetime     = 24 * time.Hour
	minSecret            = 32 // bytes
)

// Token says for whom its bearer may act.
type Token struct {
	Subject  string // the customer, or the manager
	Queues   []string
	Branches []string
	Expires  time.Time
}

// Tokens signs and verifies tokens.
type Tokens struct {
	secret []byte
	now    func() time.Time
	audit  ledger.Audit // nil: nothing is recorded
}

// Audited returns a copy that records each token that it issues.
func (s *Tokens) Audited(audit ledger.Audit) *Tokens {
	audited := *s
	audited.audit = audit
	return &audited
}

// Issue is Mint for the holder of a key. Who issued the token for whom is
// recorded first: a token that cannot be recorded is not handed out. Staff are
// named; of a customer the record has a digest of the id, which proves whose
// token it was to whoever knows the id, as the record of rules and keys names
// no customer.
func (s *Tokens) Issue(ctx context.Context, p *Principal, audience string, t Token, lifetime time.Duration) (string, time.Time, error) {
	text, expires, err := s.Mint(audience, t, lifetime)
	if err != nil || s.audit == nil {
		return text, expires, err
	}
	subject := "manager " + t.Subject
	if audience == AudienceApp {
		subject = fmt.Sprintf("customer sha256:%x", sha256.Sum256([]byte(t.Subject)))
	}
	reason := fmt.Sprintf("%s token for %s until %s", audience, subject, expires.UTC().Format(time.RFC3339))
	if len(t.Queues)+len(t.Branches) > 0 {
		reason += fmt.Sprintf(": queues %q, branches %q", t.Queues, t.Branches)
	}
	err = s.audit.Record(ctx, touch.Event{
		Kind: touch.EventControl, At: s.now(), Caller: p.Caller, Actor: p.Key, Reason: reason,
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return text, expires, nil
}

// NewTokens makes a Tokens that signs with a secret of at least 32 bytes; now
// nil is time.Now.
func NewTokens(secret []byte, now func() time.Time) (*Tokens, error) {
	if len(secret) < minSecret {
		return nil, touch.Errorf(touch.Invalid, "app_secret", "at least %d bytes are needed to sign tokens", minSecret)
	}
	if now == nil {
		now = time.Now
	}
	return &Tokens{secret: secret, now: now}, nil
}

type claims struct {
	jwt.RegisteredClaims
	Queues   []string `json:"queues,omitempty"`
	Branches []string `json:"branches,omitempty"`
}

// Mint signs a token for one audience and returns it with its end. A lifetime
// of 0 is an hour; a day is the longest.
func (s *Tokens) Mint(audience string, t Token, lifetime time.Duration) (string, time.Time, error) {
	if lifetime == 0 {
		lifetime = tokenDefaultLifetime
	}
	if err := checkToken(t, lifetime); err != nil {
		return "", time.Time{}, err
	}

	now := s.now()
	expires := now.Add(lifetime).Truncate(time.Second)
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    tokenIssuer,
			Subject:   t.Subject,
			Audience:  jwt.ClaimStrings{audience},
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(expires),
		},
		Queues:   t.Queues,
		Branches: t.Branches,
	}).SignedString(s.secret)
	if err != nil {
		return "", time.Time{}, touch.Errorf(touch.Internal, "", "the token could not be signed: %w", err)
	}
	return signed, expires, nil
}

func checkToken(t Token, lifetime time.Duration) error {
	var faults touch.Faults
	validate.ID("id", t.Subject, &faults)
	for i, queue := range t.Queues {
		validate.Name(fmt.Sprintf("queues[%d]", i), queue, validate.MaxName, &faults)
	}
	for i, branch := range t.Branches {
		validate.Name(fmt.Sprintf("branches[%d]", i), branch, validate.MaxName, &faults)
	}
	if lifetime < time.Minute || lifetime > tokenMaxLifetime {
		faults.Add("expires_in", "must be 1m to 24h")
	}
	if len(t.Queues) > 64 || len(t.Branches) > 64 {
		faults.Add("queues", "at most 64 queues and 64 branches")
	}
	return faults.Err()
}

// Read verifies a token for the audience; class Unauthenticated.
func (s *Tokens) Read(text, audience string) (*Token, error) {
	var c claims
	secret := func(*jwt.Token) (any, error) { return s.secret, nil }
	_, err := jwt.ParseWithClaims(text, &c, secret,
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(tokenIssuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(s.now))
	if err != nil || c.Subject == "" {
		return nil, touch.Errorf(touch.Unauthenticated, "", "the token is missing, forged or has expired")
	}
	return &Token{Subject: c.Subject, Queues: c.Queues, Branches: c.Branches, Expires: c.ExpiresAt.Time}, nil
}
