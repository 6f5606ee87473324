// SPDX-License-Identifier: Apache-2.0

// Package netguard decides which addresses may be called when a caller has
// named them. What is not on the public internet is refused unless the
// configuration allows it: a caller could otherwise make this process call the
// services beside it.
//
// An address is looked at twice: as it is written (CheckURL), and as the name
// was resolved for the call, at the moment of connecting (Transport). So a name
// that is resolved differently the second time opens nothing.
package netguard

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"code.dny.dev/ssrf"
)

// Guard says which addresses may be called. The zero Guard is not ready: make it
// with New. It is safe for concurrent use.
type Guard struct {
	networks []netip.Prefix
	hosts    map[string]bool // names whose addresses are not looked at
	domains  []string        // ".suffix" of such names
	public   *ssrf.Guardian
}

// Loopback allows what is on this machine, for development.
func Loopback() []string { return []string{"127.0.0.0/8", "::1/128", "localhost"} }

// Public makes a guard that allows the public internet only.
func Public() *Guard {
	return &Guard{hosts: map[string]bool{}, public: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAnyNetwork())}
}

// New makes a guard that allows the public internet and the entries of allow:
// a network (10.1.0.0/16), an address, a host name, or *.suffix for all names
// below one. An error names the entry that is none of these.
func New(allow []string) (*Guard, error) {
	g := Public()
	for i, entry := range allow {
		if err := g.allow(entry); err != nil {
			return nil, &EntryError{Index: i, reason: err.Error()}
		}
	}
	return g, nil
}

// EntryError is an entry of the configuration that cannot be read.
type EntryError struct {
	Index  int
	reason string
}

// Error says what is wrong with the entry.
func (e *EntryError) Error() string { return e.reason }

func (g *Guard) allow(entry string) error {
	if p, err := netip.ParsePrefix(entry); err == nil {
		if p != p.Masked() {
			return fmt.Errorf("%s has bits beyond its mask: write %s", entry, p.Masked())
		}
		g.networks = append(g.networks, p)
		return nil
	}
	if a, err := netip.ParseAddr(entry); err == nil && a.Zone() == "" {
		a = a.Unmap()
		g.networks = append(g.networks, netip.PrefixFrom(a, a.BitLen()))
		return nil
	}
	if suffix, ok := strings.CutPrefix(entry, "*"); ok && strings.HasPrefix(suffix, ".") && isName(suffix[1:]) {
		g.domains = append(g.domains, strings.ToLower(suffix))
		return nil
	}
	if isName(entry) {
		g.hosts[canonical(entry)] = true
		return nil
	}
	return fmt.Errorf("%q is no network (10.1.0.0/16), address, host name or *.suffix", entry)
}

// ErrRefused is the error of an address that may not be called.
var ErrRefused = errors.New("the address is in an inner network, and webhooks.allow does not have it")

// CheckAddr returns ErrRefused unless the address may be called.
func (g *Guard) CheckAddr(a netip.Addr) error {
	plain := a.Unmap()
	if plain.Zone() == "" {
		for _, p := range g.networks {
			if p.Contains(plain) {
				return nil
			}
		}
	}
	if plain.Zone() != "" || g.public.SafeAddr(plain) != nil {
		return ErrRefused
	}
	return nil
}

// allowsName reports whether a name may be called whatever its addresses are.
func (g *Guard) allowsName(host string) bool {
	host = canonical(host)
	if g.hosts[host] {
		return true
	}
	for _, suffix := range g.domains {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// canonical is a name in lower case, without the dot of the root.
func canonical(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }
