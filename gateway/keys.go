package gateway

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Scope is one thing that an API key may do.
type Scope string

// The scopes. Admin is no master key: it rules keys, stops and dead touches only.
const (
	ScopeSubmit        Scope = "submit"
	ScopeRead          Scope = "read"
	ScopeReceipts      Scope = "receipts"
	ScopeCustomers     Scope = "customers"
	ScopeTemplates     Scope = "templates"
	ScopeDesk          Scope = "desk"
	ScopePolicyWrite   Scope = "policy:write"
	ScopePolicyApprove Scope = "policy:approve"
	ScopeAdmin         Scope = "admin"
)

// Scopes lists every scope.
func Scopes() []Scope {
	return []Scope{
		ScopeSubmit, ScopeRead, ScopeReceipts, ScopeCustomers, ScopeTemplates, ScopeDesk,
		ScopePolicyWrite, ScopePolicyApprove, ScopeAdmin,
	}
}

// Principal is who asks.
type Principal struct {
	Caller string // owns the touches
	Key    string // the key's id: the actor in records
	Scopes []string
}

// May reports whether the principal has the scope.
func (p *Principal) May(s Scope) bool { return slices.Contains(p.Scopes, string(s)) }

// keyFresh is how long a key is trusted without looking at the ledger again:
// the longest that a revocation takes to bind.
const keyFresh = 5 * time.Second

var keyText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// CreateKey makes an API key for a caller and gives its text,
// "tg_<id>_<secret>", which is not kept and cannot be shown again. Class
// Invalid names an unknown scope.
func (s *Service) CreateKey(ctx context.Context, caller string, scopes []string) (key string, _ *ledger.APIKey, _ error) {
	var faults touch.Faults
	if caller == "" || len(caller) > 128 {
		faults.Add("caller", "must have 1 to 128 characters")
	}
	if len(scopes) == 0 {
		faults.Add("scopes", "name at least one")
	}
	for _, scope := range scopes {
		if !slices.Contains(Scopes(), Scope(scope)) {
			faults.Add("scopes", "%q is not a scope", scope)
		}
	}
	if len(faults) > 0 {
		return "", nil, faults
	}
	id, err := s.random(10)
	if err != nil {
		return "", nil, err
	}
	secret, err := s.random(32)
	if err != nil {
		return "", nil, err
	}
	k := ledger.APIKey{ID: id, Hash: sha256.Sum256([]byte(secret)), Caller: caller, Scopes: slices.Sorted(slices.Values(scopes)), CreatedAt: s.now()}
	if err := s.ledger.Keys.Put(ctx, k); err != nil {
		return "", nil, err
	}
	return "tg_" + id + "_" + secret, &k, nil
}

// random gives n random bytes as text.
func (s *Service) random(n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		return "", touch.Errorf(touch.Internal, "", "no randomness: %w", err)
	}
	return keyText.EncodeToString(b), nil
}

// Keys lists all keys, without secrets.
func (s *Service) Keys(ctx context.Context) ([]ledger.APIKey, error) {
	return s.ledger.Keys.List(ctx)
}

// RevokeKey ends a key; it binds everywhere within 5 seconds. Class NotFound.
func (s *Service) RevokeKey(ctx context.Context, id string) error {
	if err := s.ledger.Keys.Revoke(ctx, id, s.now()); err != nil {
		return err
	}
	s.keys.clear()
	return nil
}

// Authenticate finds out who holds the key; class Unauthenticated.
func (s *Service) Authenticate(ctx context.Context, key string) (*Principal, error) {
	refused := touch.Errorf(touch.Unauthenticated, "", "the API key is missing, unknown or revoked")
	if s.devKey != "" && subtle.ConstantTimeCompare([]byte(key), []byte(s.devKey)) == 1 {
		p := &Principal{Caller: "dev", Key: "dev"}
		for _, scope := range Scopes() {
			p.Scopes = append(p.Scopes, string(scope))
		}
		return p, nil
	}
	rest, ok := strings.CutPrefix(key, "tg_")
	id, secret, two := strings.Cut(rest, "_")
	if !ok || !two || len(id) != 16 || len(secret) != 52 {
		return nil, refused
	}
	hash := sha256.Sum256([]byte(secret))
	now := s.now()
	if p := s.keys.get(id, hash, now); p != nil {
		return p, nil
	}
	stored, err := s.ledger.Keys.Get(ctx, id)
	if touch.ClassOf(err) == touch.NotFound {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(stored.Hash[:], hash[:]) != 1 || stored.RevokedAt != nil {
		return nil, refused
	}
	p := &Principal{Caller: stored.Caller, Key: stored.ID, Scopes: stored.Scopes}
	s.keys.put(id, hash, p, now.Add(keyFresh))
	return p, nil
}

// keyCache remembers for a moment which keys were found good.
type keyCache struct {
	mu   sync.Mutex
	good map[string]goodKey
}

type goodKey struct {
	hash      [32]byte
	principal *Principal
	until     time.Time
}

func newKeyCache() *keyCache { return &keyCache{good: make(map[string]goodKey)} }

func (c *keyCache) get(id string, hash [32]byte, now time.Time) *Principal {
	c.mu.Lock()
	k, ok := c.good[id]
	c.mu.Unlock()
	if ok && now.Before(k.until) && subtle.ConstantTimeCompare(k.hash[:], hash[:]) == 1 {
		return k.principal
	}
	return nil
}

func (c *keyCache) put(id string, hash [32]byte, p *Principal, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.good) >= 10_000 {
		clear(c.good)
	}
	c.good[id] = goodKey{hash, p, until}
}

func (c *keyCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.good)
}
