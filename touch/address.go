package touch

// AddressOn returns the address that a leg on the channel goes to: the address
// in the request, else the customer's. If there is neither, it tries the channel
// whose addresses serve too: a call goes to the number for text messages. It
// returns "" if no address is known. c may be nil: nothing is known of the
// customer.
func AddressOn(channel Channel, r *Request, c *Customer) string {
	if a := ownAddress(channel, r, c); a != "" {
		return a
	}
	if other := channel.row().addressOf; other != "" {
		return ownAddress(other, r, c)
	}
	return ""
}

// ownAddress is AddressOn without the addresses of other channels.
func ownAddress(channel Channel, r *Request, c *Customer) string {
	if a := r.Addresses[channel]; a != "" {
		return a
	}
	if c != nil {
		return c.Addresses[channel]
	}
	return ""
}

// AddressOn returns the address that a leg on the channel goes to if its request
// names none. It returns "" if no address is known. c may be nil.
func (c *Customer) AddressOn(channel Channel) string { return AddressOn(channel, &Request{}, c) }
