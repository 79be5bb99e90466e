package console

import (
	"errors"
	"net/http"
	"strconv"

	"bongsu/status"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// maxName bounds what a kept text is called, in characters.
const maxName = 60

// textsPage is the texts that operators keep ready, and a form to add one.
type textsPage struct {
	May     bool // change them
	Texts   []keptView
	New     keptForm
	Problem string
}

// keptView is a text with the form to change it.
type keptView struct {
	Name, Author string
	At           *speech.Moment
	Words        []tongueField
	Form         keptForm
	Remove       string
}

type keptForm struct {
	ID      string
	Version int64
	Fields  []field
}

func (c *Console) texts(v *visit) error { return c.showTexts(v, http.StatusOK, nil, "") }

// showTexts lists the texts; one that could not be kept comes with what was
// typed.
func (c *Console) showTexts(v *visit, code int, typed *entry, problem string) error {
	kept, err := c.options.Stories.Texts(v.request.Context())
	if err != nil {
		return err
	}
	page := textsPage{May: v.may(account.Publish), Problem: problem, New: v.keptForm(c.options.Stories.NewID(), 0, "", nil)}
	for _, k := range kept {
		view := keptView{
			Name: k.Name, Author: k.Author, At: v.Moment(k.At), Form: v.keptForm(k.ID, k.Version, k.Name, k.Text), Remove: Root + "/texts/" + k.ID + "/remove",
		}
		for _, t := range view.Form.Fields[1].Tongues {
			if t.Value != "" {
				view.Words = append(view.Words, t)
			}
		}
		if typed != nil && typed.form.Get("id") == k.ID {
			view.Form.Fields, typed = typed.keep(view.Form.Fields), nil
		}
		page.Texts = append(page.Texts, view)
	}
	if typed != nil {
		page.New.Fields = typed.keep(page.New.Fields)
	}
	return v.renderAs(code, "texts", v.Say("texts"), page)
}

func (v *visit) keptForm(id string, version int64, name string, text status.Text) keptForm {
	f := keptForm{ID: id, Version: version, Fields: []field{v.line("name", true), v.tongues("text", wordsField)}}
	f.Fields[0].Value, f.Fields[0].Most = name, maxName
	f.Fields[1].fill(text)
	return f
}

// keepText adds a text, or changes one.
func (c *Console) keepText(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	e := &entry{visit: v, form: form, bad: map[string]string{}}
	k := KeptText{ID: form.Get("id"), Name: e.line("name", maxName, true), Text: e.text("text", maxWords), Author: v.who.Name, At: v.now()}
	if k.Version, err = strconv.ParseInt(form.Get("version"), 10, 64); err != nil || !formID.MatchString(k.ID) {
		return refuse(http.StatusBadRequest, "problem_no_form")
	}
	if len(e.bad) > 0 {
		return c.showTexts(v, http.StatusUnprocessableEntity, e, v.Say("story_wrong"))
	}
	switch err := c.options.Stories.KeepText(v.request.Context(), k); {
	case errors.Is(err, ErrTextMoved):
		return c.showTexts(v, http.StatusConflict, e, v.Say("text_moved"))
	case errors.Is(err, ErrTooManyTexts):
		return c.showTexts(v, http.StatusConflict, e, v.Say("text_too_many"))
	case err != nil:
		return err
	}
	v.record(account.Publish, "text:"+k.ID, "keeps "+k.Name)
	v.done("text_kept")
	return v.lead("/texts", nil)
}

func (c *Console) dropText(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	id := v.request.PathValue("id")
	if err := c.options.Stories.DropText(v.request.Context(), id); err != nil {
		return err
	}
	v.record(account.Publish, "text:"+id, "removes it")
	v.done("text_removed")
	return v.lead("/texts", nil)
}
