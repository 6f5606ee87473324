package touch

// AddressOn returns where a leg on the channel goes: the address in the
// request, else the customer's own. A call without a number of its own uses the
// number for text messages. The result is "" when no address is known; c may be
// nil.
func AddressOn(channel Channel, r *Request, c *Customer) string {
	if a := ownAddress(channel, r, c); a != "" {
		return a
	}
	if other := channel.row().addressOf; other != "" {
		return ownAddress(other, r, c)
	}
	return ""
}

// ownAddress looks at the channel's own addresses only.
func ownAddress(channel Channel, r *Request, c *Customer) string {
	if a := r.Addresses[channel]; a != "" {
		return a
	}
	if c != nil {
		return c.Addresses[channel]
	}
	return ""
}

// AddressOn returns where a leg on the channel goes whose request names no
// address. The result is "" when none is known; c may be nil.
func (c *Customer) AddressOn(channel Channel) string { return AddressOn(channel, &Request{}, c) }
