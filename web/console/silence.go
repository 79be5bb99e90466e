package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// silenceSpans are how long a component can be silenced from here.
func silenceSpans() []time.Duration {
	return []time.Duration{30 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour, 72 * time.Hour}
}

func (c *Console) silenceRoutes() []route {
	if c.options.Silencer == nil {
		return nil
	}
	return []route{
		{method: http.MethodPost, path: "/components/{id}/silence", deed: account.Watch, handle: c.silence},
		{method: http.MethodPost, path: "/components/{id}/lift", deed: account.Watch, handle: c.lift},
	}
}

// silenceView is a silence as it is shown: who, why, until when.
type silenceView struct {
	Component    string // its name, where several are shown
	Author       string
	Reason       string
	Since, Until *speech.Moment
}

func (v *visit) silenceView(s *status.Silence) *silenceView {
	return &silenceView{
		Component: v.componentName(s.Component), Author: s.Author, Reason: s.Reason, Since: v.Moment(s.Since), Until: v.Moment(s.Until),
	}
}

// silenceOf is the silence of a component, or nil.
func (v *visit) silenceOf(component string) *silenceView {
	s, silenced := v.snapshot.Silence(component)
	if !silenced {
		return nil
	}
	return v.silenceView(s)
}

// silencesOf are those that keep an incident from being told; none if it is not
// silenced.
func (v *visit) silencesOf(i *status.Incident) []*silenceView {
	var all []*silenceView
	if !v.snapshot.Silenced(i) {
		return nil
	}
	for k := range v.snapshot.Silences {
		s := &v.snapshot.Silences[k]
		for _, a := range i.Components {
			if a.Component == s.Component && a.Until.IsZero() {
				all = append(all, v.silenceView(s))
			}
		}
	}
	return all
}

// spans are the choices of how long.
func (v *visit) spans() []option {
	var list []option
	for _, span := range silenceSpans() {
		list = append(list, option{Value: span.String(), Text: v.Period(span), Chosen: span == time.Hour})
	}
	return list
}

// silence takes the form that silences a component.
func (c *Console) silence(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.request.PathValue("id")
	span, err := time.ParseDuration(form.Get("span"))
	reason := strings.TrimSpace(form.Get("reason"))
	if err != nil || !web.Plain(reason) {
		v.undone("silence_wrong")
		return v.lead("/components/"+id, nil)
	}
	until := v.now().Add(span)
	return v.quieten(id, status.Command{Silence: &status.Silence{Component: id, Reason: reason, Until: until}},
		"silences it until "+until.UTC().Format(time.RFC3339)+": "+reason, "silence_done")
}

// lift ends the silence of a component.
func (c *Console) lift(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	id := v.request.PathValue("id")
	return v.quieten(id, status.Command{Lift: id}, "ends its silence", "silence_lifted")
}

// quieten has it done, puts it on the audit log and leads back.
func (v *visit) quieten(id string, command status.Command, detail, done string) error {
	command.Author = v.who.Name
	ctx, cancel := context.WithTimeout(v.request.Context(), askTime)
	defer cancel()
	_, err := v.console.options.Silencer.Do(ctx, command)
	switch {
	case err == nil:
		v.record(account.Watch, "component:"+id, detail)
		v.done(done)
		v.console.Changed(States, Incidents)
	case errors.Is(err, status.ErrNoComponent):
		return refuse(http.StatusNotFound, "problem_not_found")
	case errors.Is(err, status.ErrNotSilenced):
		v.undone("silence_none")
	case errors.Is(err, status.ErrNoSilenceReason), errors.Is(err, status.ErrSilenceSpan):
		v.undone("silence_wrong")
	default:
		return err
	}
	return v.lead("/components/"+id, nil)
}
