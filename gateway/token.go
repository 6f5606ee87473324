package gateway

import (
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"touchgate.dev/touch"
)

// The audiences of tokens.
const (
	AudienceApp  = "app"  // a customer's app: inbox and pop-ups
	AudienceDesk = "desk" // a relationship manager's desk: tasks
)

const (
	tokenIssuer  = "touchgate"
	tokenDefault = time.Hour
	tokenLongest = 24 * time.Hour
)

// Token says whom a bearer may act for.
type Token struct {
	Subject  string // the customer, or the manager
	Queues   []string
	Branches []string
	Expires  time.Time
}

type claims struct {
	jwt.RegisteredClaims
	Queues   []string `json:"queues,omitempty"`
	Branches []string `json:"branches,omitempty"`
}

// MintToken signs a token for one audience. An expiry of 0 is an hour; a day
// is the longest.
func (s *Service) MintToken(audience string, t Token, expiresIn time.Duration) (string, time.Time, error) {
	if expiresIn == 0 {
		expiresIn = tokenDefault
	}
	var faults touch.Faults
	if t.Subject == "" || len(t.Subject) > 128 {
		faults.Add("id", "must have 1 to 128 characters")
	}
	if expiresIn < time.Minute || expiresIn > tokenLongest {
		faults.Add("expires_in", "must be 1m to 24h")
	}
	if len(t.Queues) > 64 || len(t.Branches) > 64 || slices.Contains(t.Queues, "") || slices.Contains(t.Branches, "") {
		faults.Add("queues", "at most 64 queues and 64 branches, none of them empty")
	}
	if len(faults) > 0 {
		return "", time.Time{}, faults
	}
	now := s.now()
	expires := now.Add(expiresIn).Truncate(time.Second)
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: tokenIssuer, Subject: t.Subject, Audience: jwt.ClaimStrings{audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Queues: t.Queues, Branches: t.Branches,
	}).SignedString(s.secret)
	if err != nil {
		return "", time.Time{}, touch.Errorf(touch.Internal, "", "the token could not be signed: %w", err)
	}
	return signed, expires, nil
}

// ReadToken verifies a token for the audience; class Unauthenticated.
func (s *Service) ReadToken(text, audience string) (*Token, error) {
	var c claims
	_, err := jwt.ParseWithClaims(text, &c, func(*jwt.Token) (any, error) { return s.secret, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(tokenIssuer),
		jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.now))
	if err != nil || c.Subject == "" {
		return nil, touch.Errorf(touch.Unauthenticated, "", "the token is missing, forged or has expired")
	}
	return &Token{Subject: c.Subject, Queues: c.Queues, Branches: c.Branches, Expires: c.ExpiresAt.Time}, nil
}
