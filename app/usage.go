package app

import "fmt"

// UsageError says that the command line or the configuration is wrong in a
// way that is no fault of a single key: for example, a file cannot be read.
type UsageError struct{ Message string }

// Error returns the message.
func (e *UsageError) Error() string { return e.Message }

func usageError(format string, args ...any) error {
	return &UsageError{Message: fmt.Sprintf(format, args...)}
}
