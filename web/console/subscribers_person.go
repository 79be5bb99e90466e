package console

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"

	"bongsu/notifier"
	"bongsu/web/account"
)

// personPage is one person with what they were told.
type personPage struct {
	Person personRow
	Quiet  string
	Ways   string
	Keep   bool
	Gone   bool
	Lines  []toldRow
	Next   string
}

type toldRow struct {
	Told

	Title, Href, When, Became, Why string
	Class                          string // of the badge
	Tries                          []string
}

func (c *Console) subscriber(v *visit) error {
	p, err := v.person()
	if err != nil {
		return err
	}
	v.topics = []Topic{Subscribers}
	page := personPage{Person: v.personRow(&p), Quiet: p.Wishes.Quiet.String(), Keep: v.may(account.KeepPeople), Gone: !p.Gone.IsZero()}
	if len(p.Wishes.Order) > 0 {
		var ways []string
		for _, kind := range p.Wishes.Order {
			ways = append(ways, v.Say("address_"+kind))
		}
		page.Ways = v.List(ways)
	}
	lines, next, err := c.options.People.Told(v.request.Context(), p.ID, v.number("before"))
	if err != nil {
		return err
	}
	for _, line := range lines {
		page.Lines = append(page.Lines, v.toldRow(line))
	}
	if next > 0 {
		page.Next = page.Person.Href + "?before=" + strconv.FormatInt(next, 10)
	}
	return v.render("subscriber", v.Say("person", "Number", page.Person.Number), page)
}

// toldRow words one delivery.
func (v *visit) toldRow(t Told) toldRow {
	row := toldRow{Told: t, Title: v.eventText(t.Event), Href: Root + "/deliveries/" + t.Notice}
	if at := cmp.Or(t.At, t.Done); !at.IsZero() {
		row.When = v.At(at)
	}
	id := ""
	switch {
	case t.Rank == notifier.Delivered:
		id, row.Class = "told_delivered", "ok"
	case t.Fate == notifier.FateMoved:
		id, row.Class = "told_moved", "slow"
	case t.Fate == notifier.FateCancelled:
		id, row.Class = "told_cancelled", "none"
	case t.Rank == notifier.Accepted || t.Rank == notifier.Sent:
		id, row.Class = "told_handed", "ok"
	case t.Rank == notifier.FailedRank:
		id, row.Class = "told_failed", "down"
	case t.InDoubt || t.Fate == notifier.FateUnknown:
		id, row.Class = "told_unknown", "part"
	default:
		id, row.Class = "told_waiting", "none"
	}
	row.Became = v.Say(id)
	if t.Ended != "" {
		row.Why = v.Say("ended_" + string(t.Ended))
	}
	if skipped := v.reason(t.Skipped); skipped != nil {
		row.Skipped = skipped.Text
	}
	for _, try := range t.Tries {
		row.Tries = append(row.Tries, v.Say("try_"+try.Kind, "Gateway", try.Gateway, "Time", v.At(try.At), "Code", try.Code))
	}
	return row
}

// discloseSubscriber hands out all that is kept of somebody, addresses in clear.
func (c *Console) discloseSubscriber(v *visit) error {
	id, err := v.personID()
	if err != nil {
		return err
	}
	file, err := c.options.People.Disclose(v.request.Context(), id)
	if errors.Is(err, ErrNone) {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	if err != nil {
		return err
	}
	number := strconv.FormatInt(id, 10)
	v.record(account.KeepPeople, "subscriber "+number, "file of all that is kept")
	return v.download("subscriber-"+number+".json", "application/json", file)
}

// download hands out a file.
func (v *visit) download(name, kind string, body []byte) error {
	h := v.writer.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if _, err := v.writer.Write(body); err != nil { //nolint:gosec // it is a file to be saved, not a page
		return http.ErrAbortHandler // whoever asked has gone
	}
	return nil
}

// askErase asks before somebody is forgotten.
func (c *Console) askErase(v *visit) error {
	p, err := v.person()
	if err != nil {
		return err
	}
	row := v.personRow(&p)
	page := sure{
		Heading: v.Say("erase"), Text: []string{v.Say("erase_text"), v.Say("erase_stays")}, Action: row.Href + "/erase", Back: row.Href,
		Button: v.Say("erase_button"), Grave: true, Facts: []fact{{v.Say("person_number"), row.Number}},
	}
	for _, a := range row.Addresses {
		page.Facts = append(page.Facts, fact{a.Word, a.Hint})
	}
	return v.render("sure", page.Heading, page)
}

func (c *Console) erase(v *visit) error {
	id, err := v.personID()
	if err != nil {
		return err
	}
	err = c.options.People.Erase(v.request.Context(), id)
	if errors.Is(err, ErrNone) {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	if err != nil {
		return err
	}
	number := strconv.FormatInt(id, 10)
	v.record(account.KeepPeople, "subscriber "+number, "erased")
	v.done("erase_done", "Number", number)
	c.Changed(Subscribers)
	return v.lead("/subscribers", nil)
}
