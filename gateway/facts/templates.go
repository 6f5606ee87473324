package facts

import (
	"context"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// PutTemplate stores the next version of a template and returns its number.
// Content equal to the latest version stores nothing: its number is returned.
func (s *Service) PutTemplate(ctx context.Context, p *access.Principal, t ledger.Template) (version int, err error) {
	if faults := s.checkTemplate(&t); len(faults) > 0 {
		return 0, faults
	}
	if err := t.Validate(); err != nil {
		return 0, err
	}
	t.CreatedBy = p.Key
	t.CreatedAt = s.now()
	version, err = s.templates.Put(ctx, t, p.Key, t.CreatedAt)
	if s.templateCache != nil {
		s.templateCache.Forget(t.Name)
	}
	return version, err
}

func (s *Service) checkTemplate(t *ledger.Template) touch.Faults {
	faults := s.tags.Check(t)
	validate.Name("name", t.Name, validate.MaxName, &faults)
	for i := range t.Variables {
		faults = append(faults, s.tags.Check(&t.Variables[i]).In("variables", i)...)
	}
	for ch, content := range t.Content {
		for _, f := range s.tags.Check(&content) {
			faults.Add("content."+string(ch)+"."+f.Field, "%s", f.Message)
		}
	}
	return faults
}
