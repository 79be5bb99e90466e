package probes

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// bodyPlan is a body to send: a text, a form, JSON, or none.
type bodyPlan struct {
	kind        string // "", "body", "form", "json"
	contentType string
	fixed       []byte // the body, if no value is filled in
	raw         text
	form        []header
	tree        any // JSON with a text wherever a string stands
	filled      []text
}

func (b *bodyPlan) texts() []text { return b.filled }

func (p *planner) planBody(plan *httpPlan) {
	h, b := plan.settings, &plan.body
	given := 0
	if h.Body != "" {
		given++
		b.kind, b.raw = "body", p.text("body", h.Body)
		b.filled = []text{b.raw}
	}
	if h.Form != nil {
		given++
		b.kind, b.contentType = "form", "application/x-www-form-urlencoded"
		for _, name := range slices.Sorted(maps.Keys(h.Form)) {
			value := p.text("form."+name, h.Form[name])
			b.form, b.filled = append(b.form, header{name, value}), append(b.filled, value)
		}
	}
	if h.JSON != nil {
		given++
		b.kind, b.contentType = "json", "application/json"
		b.tree = p.planJSON("json", h.JSON, b)
	}
	if given > 1 {
		p.complain("", errors.New("has more than one of json, form and body; keep one"))
	}
	if given > 0 && (h.method == http.MethodGet || h.method == http.MethodHead) {
		p.complain(b.kind, fmt.Errorf("does not go with %s; write POST, or put it into the query", h.method))
	}
	b.fix(p)
}

// planJSON puts a text in place of every string.
func (p *planner) planJSON(path string, v any, b *bodyPlan) any {
	switch v := v.(type) {
	case string:
		t := p.text(path, v)
		b.filled = append(b.filled, t)
		return t
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = p.planJSON(fmt.Sprintf("%s[%d]", path, i), item, b)
		}
		return list
	case map[string]any:
		table := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			table[key] = p.planJSON(path+"."+key, v[key], b)
		}
		return table
	default:
		return v
	}
}

// fix makes the body once if it is always the same.
func (b *bodyPlan) fix(p *planner) {
	if b.kind == "" || slices.ContainsFunc(b.filled, func(t text) bool { return len(t.values()) > 0 }) {
		return
	}
	body, err := b.fill(&Run{})
	if err != nil {
		p.complain(b.kind, err)
		return
	}
	b.fixed = body
}

func (b *bodyPlan) render(run *Run) (body []byte, contentType string, err error) {
	if b.kind == "" || b.fixed != nil {
		return b.fixed, b.contentType, nil
	}
	body, err = b.fill(run)
	return body, b.contentType, err
}

func (b *bodyPlan) fill(run *Run) ([]byte, error) {
	switch b.kind {
	case "form":
		values := make(url.Values, len(b.form))
		for _, field := range b.form {
			value, err := field.value.render(run)
			if err != nil {
				return nil, err
			}
			values.Set(field.name, value)
		}
		return []byte(values.Encode()), nil
	case "json":
		tree, err := fillTree(b.tree, run)
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(tree)
		if err != nil {
			return nil, fmt.Errorf("can not be written as JSON: %w", err)
		}
		return body, nil
	default:
		s, err := b.raw.render(run)
		return []byte(s), err
	}
}

func fillTree(v any, run *Run) (any, error) {
	switch v := v.(type) {
	case text:
		return v.render(run)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			filled, err := fillTree(item, run)
			if err != nil {
				return nil, err
			}
			list[i] = filled
		}
		return list, nil
	case map[string]any:
		table := make(map[string]any, len(v))
		for key, item := range v {
			filled, err := fillTree(item, run)
			if err != nil {
				return nil, err
			}
			table[key] = filled
		}
		return table, nil
	default:
		return v, nil
	}
}
