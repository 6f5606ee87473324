package touch

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
)

// ID names a touch: 16 bytes derived from the caller and the caller's key, so
// that the same request always has the same id, on every node.
type ID [16]byte

var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID derives the id of the touch that caller submits under key.
func NewID(caller, key string) ID {
	sum := sha256.Sum256([]byte(strconv.Itoa(len(caller)) + ":" + caller + key))
	return ID(sum[:16])
}

// ParseID reads the 26-character form that String writes.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 26 {
		return id, Errorf(Invalid, "id", "a touch id has 26 characters")
	}
	b, err := idText.DecodeString(s)
	if err != nil {
		return id, Errorf(Invalid, "id", "not a touch id")
	}
	copy(id[:], b)
	return id, nil
}

// String is the id in 26 lower-case characters (Crockford's alphabet).
func (id ID) String() string { return idText.EncodeToString(id[:]) }

// IsZero reports whether id names no touch.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText implements encoding.TextMarshaler; a zero id is empty text.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	*id, err = ParseID(string(b))
	return err
}

// DispatchID names one leg of a touch towards vendors. It stays the same over
// retries and providers, so that it serves as the vendor's idempotency key.
func DispatchID(id ID, leg int) string { return id.String() + "." + strconv.Itoa(leg) }

// ParseDispatchID takes a dispatch id apart.
func ParseDispatchID(s string) (id ID, leg int, err error) {
	head, tail, ok := strings.Cut(s, ".")
	if !ok {
		return id, 0, Errorf(Invalid, "dispatch", "not a dispatch id")
	}
	if id, err = ParseID(head); err != nil {
		return id, 0, err
	}
	leg, err = strconv.Atoi(tail)
	if err != nil || leg < 0 || leg >= MaxLegs || strconv.Itoa(leg) != tail {
		return id, 0, Errorf(Invalid, "dispatch", "not a dispatch id")
	}
	return id, leg, nil
}
