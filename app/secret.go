package app

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// LoadOrCreateSecret reads a secret from a file. If there is none it makes a
// secret and writes the file, so that tokens stay valid after a restart.
func LoadOrCreateSecret(path string) (adapter.Secret, error) {
	if err := takeRights(path); err != nil {
		return "", touch.Errorf(touch.Unavailable, "data", "cannot make the secret private: %w", err)
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text() + rand.Text())
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		return "", touch.Errorf(touch.Unavailable, "data", "cannot read or write the secret: %w", err)
	}
	return adapter.Secret(b), nil
}
