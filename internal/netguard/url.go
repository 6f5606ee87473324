package netguard

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxURL bounds the length of an address.
const maxURL = 2048

// innerDomains are never on the public internet: RFC 6761, 6762, 8375 and 9476,
// the names of a cluster, and what home and office routers use.
var innerDomains = []string{
	"localhost", "local", "internal", "intranet", "corp", "home", "lan", "private", "home.arpa", "svc", "cluster.local",
}

// CheckURL checks an address as a caller wrote it, and returns what is wrong
// with it. It must be https; http is for loopback, where the guard allows that.
// A name is looked at again when it is called.
func (g *Guard) CheckURL(address string) error {
	if len(address) > maxURL {
		return errors.New("must have at most 2048 characters")
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("must be an https address, such as https://engine.bank.example/events")
	}
	if u.User != nil {
		return errors.New("must not name a user: calls are signed")
	}
	if u.Fragment != "" || strings.Contains(address, "#") {
		return errors.New("must not have a fragment: it is never sent")
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return errors.New("must have a port from 1 to 65535, or none")
		}
	}
	loopback, err := g.checkHost(u.Hostname())
	if err != nil {
		return err
	}
	if u.Scheme == "http" && !loopback {
		return errors.New("must be https: events name customers")
	}
	return nil
}

// checkHost checks the host of an address: an IP address, or a name that could
// be a public one.
func (g *Guard) checkHost(host string) (loopback bool, err error) {
	bare := canonical(host)
	if a, err := netip.ParseAddr(bare); err == nil {
		return a.Unmap().IsLoopback(), g.CheckAddr(a)
	}
	if !isName(bare) {
		return false, errors.New("must name a host in ASCII letters, digits, dots and dashes")
	}
	last := bare[strings.LastIndexByte(bare, '.')+1:]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil || strings.TrimLeft(last, "0123456789") == "" {
		return false, errors.New("must name a host: this is neither a name nor an IP address of four decimal parts")
	}
	if g.allowsName(bare) {
		return bare == "localhost" || strings.HasSuffix(bare, ".localhost"), nil
	}
	if !strings.Contains(bare, ".") {
		return false, ErrRefused
	}
	for _, d := range innerDomains {
		if strings.HasSuffix(bare, "."+d) {
			return false, ErrRefused
		}
	}
	return false, nil
}

// isName reports whether a text has the form of a host name.
func isName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
			digit := c >= '0' && c <= '9'
			if !letter && !digit && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}
