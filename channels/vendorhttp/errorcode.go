package vendorhttp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"syscall"
)

// netCode names the failures that an operator can act on.
func netCode(err error) string {
	var record tls.RecordHeaderError
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	case errors.As(err, &record), errors.As(err, &cert), errors.As(err, &unknown):
		return "tls"
	}
	return "network"
}
