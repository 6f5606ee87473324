package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"slices"
	"strings"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// trustFor is how long a key is trusted without reading the ledger again, and
// so the longest that a revocation by another node takes to bind.
const trustFor = 5 * time.Second

// KeyOptions are what Keys is built from. Store is required.
type KeyOptions struct {
	Store  ledger.Keys
	Now    func() time.Time // default time.Now
	Random io.Reader        // default crypto/rand
	// DevKey, when set, is an API key with every scope; for development only.
	DevKey string
}

// Keys makes, revokes and verifies API keys. The ledger keeps the hash of a
// key's secret, never the secret.
type Keys struct {
	store  ledger.Keys
	now    func() time.Time
	random io.Reader
	devKey string
	cache  keyCache
}

// NewKeys makes a Keys.
func NewKeys(o KeyOptions) *Keys {
	k := &Keys{store: o.Store, now: o.Now, random: o.Random, devKey: o.DevKey}
	if k.now == nil {
		k.now = time.Now
	}
	if k.random == nil {
		k.random = rand.Reader
	}
	return k
}

// Create makes an API key for a caller and returns its text,
// "tg_<id>_<secret>", which is not stored and cannot be shown again. maker, a
// key's id or CommandLine, is recorded. Class Invalid names an unknown scope,
// and a name that nobody may have.
func (k *Keys) Create(ctx context.Context, maker, caller string, scopes []string) (text string, _ *ledger.APIKey, _ error) {
	if err := checkKey(caller, scopes); err != nil {
		return "", nil, err
	}
	id, err := NewID(k.random)
	if err != nil {
		return "", nil, err
	}
	secret, err := randomText(k.random, 32)
	if err != nil {
		return "", nil, err
	}

	stored := ledger.APIKey{
		ID:        id,
		Hash:      sha256.Sum256([]byte(secret)),
		Caller:    caller,
		Scopes:    slices.Sorted(slices.Values(scopes)),
		CreatedAt: k.now(),
		CreatedBy: maker,
	}
	if err := k.store.Put(ctx, stored); err != nil {
		return "", nil, err
	}
	return "tg_" + id + "_" + secret, &stored, nil
}

func checkKey(caller string, scopes []string) error {
	var faults touch.Faults
	checkCaller(caller, &faults)
	if len(scopes) == 0 {
		faults.Add("scopes", "name at least one")
	}
	for _, scope := range scopes {
		if !slices.Contains(Scopes(), Scope(scope)) {
			faults.Add("scopes", "%q is not a scope", scope)
		}
	}
	return faults.Err()
}

// Revoke ends a key, and records who did. It binds here at once, and on other
// nodes within 5 seconds. Class NotFound.
func (k *Keys) Revoke(ctx context.Context, actor, id string) error {
	if err := k.store.Revoke(ctx, id, actor, k.now()); err != nil {
		return err
	}
	k.cache.clear()
	return nil
}

// Authenticate returns the principal that holds the key; class
// Unauthenticated.
func (k *Keys) Authenticate(ctx context.Context, text string) (*Principal, error) {
	refused := touch.Errorf(touch.Unauthenticated, "", "the API key is missing, unknown or revoked")
	if k.devKey != "" && subtle.ConstantTimeCompare([]byte(text), []byte(k.devKey)) == 1 {
		return devPrincipal(), nil
	}
	id, secret, ok := splitKey(text)
	if !ok {
		return nil, refused
	}

	// The ledger is asked once in five seconds for each key. A wrong secret
	// never matches the cache, so it always costs a read.
	hash := sha256.Sum256([]byte(secret))
	now := k.now()
	if p := k.cache.get(id, hash, now); p != nil {
		return p, nil
	}
	stored, err := k.store.Get(ctx, id)
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
	k.cache.put(id, verifiedKey{hash: hash, principal: p, until: now.Add(trustFor)})
	return p, nil
}

// splitKey takes "tg_<id>_<secret>" apart.
func splitKey(text string) (id, secret string, ok bool) {
	rest, ok := strings.CutPrefix(text, "tg_")
	if !ok {
		return "", "", false
	}
	id, secret, ok = strings.Cut(rest, "_")
	return id, secret, ok && len(id) == 16 && len(secret) == 52
}

// DevCaller is the caller of the key for development, which no ledger lists.
const DevCaller = "dev"

// devPrincipal may do everything.
func devPrincipal() *Principal {
	p := &Principal{Caller: DevCaller, Key: DevCaller}
	for _, scope := range Scopes() {
		p.Scopes = append(p.Scopes, string(scope))
	}
	return p
}
