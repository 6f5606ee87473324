package httpapi

import (
	"net/http"

	"touchgate.dev/gateway/facts"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// templateHandlers serve templates.
type templateHandlers struct {
	facts  *facts.Service
	ledger ledger.Templates
}

type templateBody struct {
	Variables   []ledger.TemplateVariable       `json:"variables"`
	Content     map[touch.Channel]touch.Content `json:"content"`
	Obligations []string                        `json:"duties"`
}

// list returns the latest version of each template.
func (h templateHandlers) list(c *request) error {
	limit, err := c.limit(100, 1000)
	if err != nil {
		return err
	}
	templates, err := h.ledger.List(c.ctx(), c.Query("after"), limit)
	if err != nil {
		return err
	}
	name := func(last int) (string, error) { return templates[last].Name, nil }
	return replyPage(c, templates, nextOf(templates, limit, name), name)
}

// get returns one version of a template, by default the latest.
func (h templateHandlers) get(c *request) error {
	version, err := c.number("version", 0)
	if err != nil {
		return err
	}
	t, err := h.ledger.Get(c.ctx(), c.Param("name"), int(min(version, 1<<30)))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, t)
}

func (h templateHandlers) put(c *request) error {
	body, err := bind[templateBody](c)
	if err != nil {
		return err
	}
	name := c.Param("name")
	version, err := h.facts.PutTemplate(c.ctx(), c.principal, ledger.Template{
		Name: name, Variables: body.Variables, Content: body.Content, Obligations: body.Obligations,
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]any{"name": name, "version": version})
}
