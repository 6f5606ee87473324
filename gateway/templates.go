package gateway

import (
	"context"

	"touchgate.dev/ledger"
)

// PutTemplate stores the next version of a template and gives its number.
func (s *Service) PutTemplate(ctx context.Context, p *Principal, t ledger.Template) (int, error) {
	faults := s.check.tags(&t)
	if t.Name == "" || len(t.Name) > 128 {
		faults.Add("name", "must have 1 to 128 characters")
	}
	for i := range t.Variables {
		faults = append(faults, s.check.tags(&t.Variables[i]).In("variables", i)...)
	}
	for ch, c := range t.Content {
		for _, f := range s.check.tags(&c) {
			faults.Add("content."+string(ch)+"."+f.Field, "%s", f.Message)
		}
	}
	if len(faults) > 0 {
		return 0, faults
	}
	if err := t.Validate(); err != nil {
		return 0, err
	}
	t.CreatedBy, t.CreatedAt = p.Key, s.now()
	version, err := s.ledger.Templates.Put(ctx, t, p.Key, t.CreatedAt)
	s.templates.Forget(t.Name)
	return version, err
}

// Get reads a version of a template, 0 being the latest; class NotFound.
func (s *Service) Get(ctx context.Context, name string, version int) (*ledger.Template, error) {
	return s.ledger.Templates.Get(ctx, name, version)
}

// Templates lists the latest versions.
func (s *Service) Templates(ctx context.Context) ([]ledger.Template, error) {
	return s.ledger.Templates.List(ctx)
}
