package operations

import (
	"context"
	"fmt"
	"slices"

	"touchgate.dev/internal/strictyaml"
)

// callers lists everybody who has or had a key.
func (s *Service) callers(ctx context.Context) ([]string, error) {
	const pageSize = 1000
	callers := slices.Clone(s.ownCallers)
	for after := ""; ; {
		page, err := s.keys.List(ctx, after, pageSize)
		if err != nil {
			return nil, err
		}
		for _, k := range page {
			callers = append(callers, k.Caller)
		}
		if len(page) < pageSize {
			slices.Sort(callers)
			return slices.Compact(callers), nil
		}
		after = page[len(page)-1].ID
	}
}

// unknownName says that an order names nobody, and which name was most likely
// meant. The order is obeyed all the same: in an emergency a brake must never be
// refused because this process does not know a name.
func unknownName(kind, name string, known []string) string {
	warning := fmt.Sprintf("this process knows no %s %q", kind, name)
	if nearest, ok := strictyaml.Nearest(name, known); ok {
		warning += fmt.Sprintf(": did you mean %q?", nearest)
	}
	return warning
}
