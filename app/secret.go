package app

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// LoadOrCreateSecret reads a secret, or makes one and keeps it, so that tokens stay
// good over a restart.
func LoadOrCreateSecret(path string) (adapter.Secret, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text() + rand.Text())
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		return "", touch.Errorf(touch.Unavailable, "data", "the secret cannot be kept: %w", err)
	}
	return adapter.Secret(b), nil
}
