package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"bongsu/web/account"
	"bongsu/web/speech"
)

// sure is a page that asks once more before something is done.
type sure struct {
	Heading string
	Text    []string
	Facts   []fact
	Action  string // address of the form
	Back    string
	Button  string
	Grave   bool
	Hidden  []option // names and values that go with the form
	Barred  string   // why it cannot be done; empty: it can
}

type fact struct{ Name, Value string }

// askResend says to whom a notice would be resent, and for how much.
func (c *Console) askResend(v *visit) error {
	id := v.request.PathValue("id")
	base := Root + "/deliveries/" + url.PathEscape(id)
	page := sure{Heading: v.Say("resend"), Action: base + "/resend", Back: base, Button: v.Say("resend_button")}
	q, err := c.options.Ledger.Quote(v.request.Context(), id)
	switch {
	case errors.Is(err, ErrNone):
		return refuse(http.StatusNotFound, "problem_not_found")
	case errors.Is(err, ErrNoResend):
		page.Barred = v.Say("resend_never")
		return v.render("sure", page.Heading, page)
	case err != nil:
		return err
	case q.People == 0:
		page.Barred = v.Say("resend_nobody")
		return v.render("sure", page.Heading, page)
	}
	page.Text = []string{v.Say("resend_text")}
	if q.Open > 0 {
		page.Text = append(page.Text, v.Say("resend_open", "People", speech.Grouped(q.Open)))
	}
	page.Facts = append(page.Facts, fact{v.Say("resend_people"), speech.Grouped(q.People)})
	for _, w := range q.Ways {
		page.Facts = append(page.Facts, fact{w.Channel, speech.Grouped(w.People)})
	}
	if q.Nowhere > 0 {
		page.Facts = append(page.Facts, fact{v.Say("resend_nowhere"), speech.Grouped(q.Nowhere)})
	}
	page.Facts = append(page.Facts, fact{v.Say("resend_cost"), v.costs(q.Cost)}, fact{v.Say("resend_most"), v.costs(q.AtMost)})
	page.Hidden = []option{{Value: strconv.FormatInt(q.Turn, 10), Text: "turn"}}
	return v.render("sure", page.Heading, page)
}

func (v *visit) costs(list []string) string {
	if len(list) == 0 {
		return v.Say("cost_unknown")
	}
	return v.List(list)
}

// resend makes the notice. The turn that the page has shown goes with the form:
// sent twice, it makes one notice.
func (c *Console) resend(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.request.PathValue("id")
	turn, err := strconv.ParseInt(form.Get("turn"), 10, 64)
	if err != nil || turn < 1 {
		return refuse(http.StatusBadRequest, "problem_no_form")
	}
	made, people, err := c.options.Ledger.Resend(v.request.Context(), id, turn)
	switch {
	case errors.Is(err, ErrNone):
		return refuse(http.StatusNotFound, "problem_not_found")
	case errors.Is(err, ErrNoneMissed), errors.Is(err, ErrNoResend), errors.Is(err, ErrOver):
		v.undone("resend_nobody")
		return v.lead("/deliveries/"+id, nil)
	case err != nil:
		return err
	}
	v.record(account.Steer, "notice "+id, "resent to "+strconv.FormatInt(people, 10)+" people as notice "+made)
	v.done("resend_done", "People", speech.Grouped(people))
	c.Changed(Deliveries)
	return v.lead("/deliveries/"+made, nil)
}

// askCancel asks before a notice ends for good.
func (c *Console) askCancel(v *visit) error {
	id := v.request.PathValue("id")
	n, err := c.options.Ledger.Notice(v.request.Context(), id)
	if errors.Is(err, ErrNone) {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	if err != nil {
		return err
	}
	base := Root + "/deliveries/" + url.PathEscape(id)
	page := sure{
		Heading: v.Say("cancel"), Text: []string{v.Say("cancel_text")}, Action: base + "/cancel", Back: base, Button: v.Say("cancel_button"), Grave: true,
		Facts: []fact{{v.Say("cancel_left"), speech.Grouped(n.Left)}, {v.Say("cancel_gone"), speech.Grouped(max(n.People-n.Left, 0))}},
	}
	return v.render("sure", page.Heading, page)
}

// steer does something to one notice.
func (c *Console) steer(what string, do func(l Ledger, ctx context.Context, id string) error) func(*visit) error {
	return func(v *visit) error {
		id := v.request.PathValue("id")
		err := do(c.options.Ledger, v.request.Context(), id)
		switch {
		case errors.Is(err, ErrNone):
			return refuse(http.StatusNotFound, "problem_not_found")
		case errors.Is(err, ErrOver):
			v.undone("notice_is_over")
			return v.lead("/deliveries/"+id, nil)
		case err != nil:
			return err
		}
		v.record(account.Steer, "notice "+id, what)
		v.done("notice_" + what + "_done")
		c.Changed(Deliveries)
		return v.lead("/deliveries/"+id, nil)
	}
}

func (c *Console) pauseAll(v *visit) error {
	if err := c.options.Ledger.Pause(v.request.Context()); err != nil {
		return err
	}
	v.record(account.Steer, "sending", "paused")
	v.done("sending_pause_done")
	c.Changed(Deliveries)
	return v.lead("/deliveries", nil)
}

func (c *Console) resumeAll(v *visit) error {
	if err := c.options.Ledger.Resume(v.request.Context()); err != nil {
		return err
	}
	v.record(account.Steer, "sending", "resumed")
	v.done("sending_resume_done")
	c.Changed(Deliveries)
	return v.lead("/deliveries", nil)
}

// resumeChannel lets a channel spend its daily cap once more.
func (c *Console) resumeChannel(v *visit) error {
	channel := v.request.PathValue("channel")
	err := c.options.Ledger.ResumeChannel(v.request.Context(), channel)
	if errors.Is(err, ErrNone) {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	if err != nil {
		return err
	}
	v.record(account.Steer, "channel "+channel, "resumed; one more daily cap today")
	v.done("channel_resume_done", "Channel", channel)
	c.Changed(Deliveries)
	return v.lead("/deliveries", nil)
}
