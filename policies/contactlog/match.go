package contactlog

import (
	"slices"

	"touchgate.dev/touch"
)

// Match selects the entries that a question counts. Empty fields match all.
type Match struct {
	Channels   []touch.Channel
	Categories []touch.Category
	// MinKind is how far a contact must have come, and Kinds says it for single
	// channels. A contact whose outcome is not known counts whatever it is, see
	// Undecided.
	MinKind  Kind
	Kinds    []ChannelKind
	Subject  uint64
	Campaign uint64
	Address  uint64
	Caller   uint64
	Template uint64
	// AnyOf selects the entries further: one of these must hold. Nil: all.
	AnyOf []Alternative
}

// ChannelKind is how far a contact on one channel must have come.
type ChannelKind struct {
	Channel touch.Channel
	Kind    Kind
}

// Alternative is a sort of entries: of the channels and categories, with all
// terms. Empty lists match all.
type Alternative struct {
	Channels   []touch.Channel
	Categories []touch.Category
	Terms      []Term
}

// Term compares one hash of an entry. 0 is no name.
type Term struct {
	Field  Field
	Not    bool
	Hashes []uint64
}

// Field is a hash of an entry. Its number is its bit in stored masks.
type Field uint8

// The fields.
const (
	FieldSubject Field = iota
	FieldCampaign
	FieldAddress
	FieldCaller
	FieldTemplate
)

// Selects reports whether an entry matches, without regard to its time and kind.
func (m *Match) Selects(e *Entry) bool {
	return m.SelectsPlainly(e) && (m.AnyOf == nil || m.SelectsFurther(e))
}

// SelectsPlainly is Selects but for AnyOf.
func (m *Match) SelectsPlainly(e *Entry) bool {
	return (len(m.Channels) == 0 || slices.Contains(m.Channels, e.Channel)) &&
		(len(m.Categories) == 0 || slices.Contains(m.Categories, e.Category)) &&
		matchesHash(m.Subject, e.Subject) && matchesHash(m.Campaign, e.Campaign) && matchesHash(m.Address, e.Address) &&
		matchesHash(m.Caller, e.Caller) && matchesHash(m.Template, e.Template)
}

// matchesHash reports whether a hash is the wanted one; 0 wants any.
func matchesHash(want, have uint64) bool { return want == 0 || want == have }

// SelectsFurther reports whether one of AnyOf holds.
func (m *Match) SelectsFurther(e *Entry) bool {
	for i := range m.AnyOf {
		if m.AnyOf[i].holds(e) {
			return true
		}
	}
	return false
}

func (a *Alternative) holds(e *Entry) bool {
	for i := range a.Terms {
		if t := &a.Terms[i]; slices.Contains(t.Hashes, e.hash(t.Field)) == t.Not {
			return false
		}
	}
	return (len(a.Channels) == 0 || slices.Contains(a.Channels, e.Channel)) &&
		(len(a.Categories) == 0 || slices.Contains(a.Categories, e.Category))
}

func (e *Entry) hash(f Field) uint64 {
	switch f {
	case FieldSubject:
		return e.Subject
	case FieldCampaign:
		return e.Campaign
	case FieldAddress:
		return e.Address
	case FieldCaller:
		return e.Caller
	}
	return e.Template
}

// Reached reports whether an entry has come as far as it must to count. A pending
// one always has.
func (m *Match) Reached(e *Entry) bool {
	return e.Pending || m.counts(e.Kind, e.Channel)
}

// counts reports whether contacts of a kind on a channel count.
func (m *Match) counts(kind Kind, channel touch.Channel) bool {
	least := m.MinKind
	for i := range m.Kinds {
		if m.Kinds[i].Channel == channel {
			least = m.Kinds[i].Kind
		}
	}
	return kind >= least || Undecided(kind, channel)
}

// Undecided reports whether a contact of this kind may still come further: a
// message of which nothing was heard, or a call that was taken and has no outcome
// yet. It counts as the strictest kind until its outcome is known. Otherwise five
// calls that ring at once would fit under a cap of three conversations.
func Undecided(kind Kind, channel touch.Channel) bool {
	return kind == Attempt || (kind == Delivered && channel.IsCall())
}

// countedChannels is a mask of the channels whose contacts of a kind count.
func (m *Match) countedChannels(kind Kind) uint16 {
	all := bits(m.Channels)
	if m.MinKind == Attempt && m.Kinds == nil {
		return all
	}
	for code := range uint8(16) {
		if channel, _ := channelOf(code); !m.counts(kind, channel) {
			all &^= 1 << code
		}
	}
	return all
}
