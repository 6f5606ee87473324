package touch

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
)

// ID identifies a touch: 16 bytes of a hash of the caller and the caller's key.
// So a caller that sends a request again gets the same id, from every node,
// without asking the ledger.
type ID [16]byte

// idText is Crockford's base 32 (https://www.crockford.com/base32.html) in lower
// case: it has no letters that look like digits.
var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns the id of the touch that caller submits under key. The hash
// includes the length of the caller's name: else caller "ab" with key "c" and
// caller "a" with key "bc" would have the same id.
func NewID(caller, key string) ID {
	sum := sha256.Sum256([]byte(strconv.Itoa(len(caller)) + ":" + caller + key))
	return ID(sum[:16])
}

// ParseID reads the 26 characters that String returns. The error is of class
// Invalid.
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

// String returns the id as 26 lower-case letters and digits.
func (id ID) String() string { return idText.EncodeToString(id[:]) }

// IsZero reports whether id is the zero ID, which stands for no touch.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText implements encoding.TextMarshaler. The text of a zero ID is empty.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. Empty text is the zero ID.
func (id *ID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	*id, err = ParseID(string(b))
	return err
}

// DispatchID returns the id of one leg of a touch, as vendors see it: the id, a
// dot and the index of the leg. A retry has the same dispatch id, also with
// another provider, so vendors can use it as an idempotency key.
func DispatchID(id ID, leg int) string { return id.String() + "." + strconv.Itoa(leg) }

// ParseDispatchID returns the parts of a dispatch id. It accepts exactly what
// DispatchID returns for a leg below MaxLegs. The error is of class Invalid.
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
