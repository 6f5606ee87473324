package simulator

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"

	"touchgate.dev/touch"
)

// ServiceAccount returns a new JSON key of an invented Google service account, whose
// tokens come from tokenURL. It is a valid value for the credentials of the adapter
// push/fcm. Errors have class Internal.
func ServiceAccount(tokenURL string) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", touch.Errorf(touch.Internal, "", "the service account's key cannot be generated: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", touch.Errorf(touch.Internal, "", "the service account's key cannot be encoded: %w", err)
	}
	account, err := json.Marshal(map[string]string{
		"type":           "service_account",
		"project_id":     "demo",
		"client_email":   "demo@demo.example",
		"private_key_id": "1",
		"private_key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"token_uri":      tokenURL,
	})
	return string(account), err
}
