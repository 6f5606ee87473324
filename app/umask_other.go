//go:build !unix

package app

// PrivateFiles does nothing where files have no mode.
func PrivateFiles() {}
