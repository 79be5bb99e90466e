package signup

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"bongsu/notifier"
	"bongsu/status"
)

// OwnFormat is the one our lists are written in.
func OwnFormat() Format {
	f := Format{Name: "csv", columns: map[string]string{}, required: []string{"kind", "address", "source", "consented"}, read: readOwn}
	for _, column := range Columns {
		f.columns[column] = column
	}
	return f
}

// StatuspageFormat is what Statuspage exports. Which columns that has is nowhere
// documented, so they are found by the names of its API and by what else they
// may be called; the others are passed over.
func StatuspageFormat() Format {
	f := Format{Name: "statuspage", columns: map[string]string{}, required: []string{"consented"}, read: readStatuspage}
	for column, names := range map[string]string{
		"type":        "type mode subscriber_type subscription_type method",
		"email":       "email email_address",
		"phone":       "phone phone_number sms",
		"country":     "country phone_country country_code",
		"endpoint":    "endpoint url webhook webhook_url",
		"components":  "components component_ids component_names subscribed_components",
		"consented":   "created_at created subscribed_at date_subscribed consented",
		"confirmed":   "confirmed is_confirmed active state status",
		"quarantined": "quarantined quarantined_at",
	} {
		for name := range strings.FieldsSeq(names) {
			f.columns[name] = column
		}
	}
	return f
}

// maxSource bounds what a line says of where consent was given, in bytes.
const maxSource = 200

func readOwn(l *List, get func(string) string, into *Listed) error {
	if err := l.consent(get("source"), get("consented"), into); err != nil {
		return err
	}
	var err error
	if into.Confirmed = into.Consented; get("confirmed") != "" {
		if into.Confirmed, err = listTime("confirmed", get("confirmed")); err != nil {
			return err
		}
	}
	kind := get("kind")
	if _, ok := KindOf(kind); !ok {
		return fmt.Errorf("kind is none that there is; write one of %s", strings.Join(KindIDs(), ", "))
	}
	if err := l.address(kind, get("address"), into); err != nil {
		return err
	}
	into.Person, into.Lang, into.Plan, into.Suppressed = get("person"), get("lang"), get("plan"), get("suppressed")
	into.AtLeast = status.PartialOutage
	if name := get("at_least"); name != "" {
		if into.AtLeast, err = threshold(name); err != nil {
			return err
		}
	}
	for topic := range strings.FieldsSeq(get("topics")) {
		if err := l.topic(topic, into); err != nil {
			return err
		}
	}
	if into.Wishes.Quiet, err = notifier.ParseQuiet(get("quiet")); err != nil {
		return fmt.Errorf("quiet: %w", err)
	}
	for kind := range strings.FieldsSeq(get("order")) {
		if _, ok := KindOf(kind); !ok {
			return fmt.Errorf("order names a kind that there is not; write some of %s", strings.Join(KindIDs(), " "))
		}
		into.Wishes.Order = append(into.Wishes.Order, kind)
	}
	return nil
}

func threshold(name string) (status.State, error) {
	for _, s := range []status.State{status.DegradedPerformance, status.PartialOutage, status.MajorOutage} {
		if s.String() == name {
			return s, nil
		}
	}
	return 0, errors.New("at_least is no threshold; write degraded_performance, partial_outage or major_outage")
}

// consent demands where and when it was given.
func (l *List) consent(source, at string, into *Listed) (err error) {
	switch {
	case source == "":
		return errors.New("source is missing; write where they gave consent, such as \"form at the counter\"")
	case len(source) > maxSource || strings.ContainsFunc(source, unicode.IsControl):
		return fmt.Errorf("source is no short line; write at most %d bytes", maxSource)
	}
	into.Source = source
	into.Consented, err = listTime("consented", at)
	if err == nil && !l.Now.IsZero() && into.Consented.After(l.Now.Add(aDay)) {
		return errors.New("consented is after now; write when they gave consent, like 2026-03-01T12:00:00Z")
	}
	return err
}

// aDay is how far the instants of a list may be ahead of ours: one without a
// zone may be of any.
const aDay = 24 * time.Hour

// listTime reads an instant as lists write it. One without a zone is UTC's; one
// with the letters of another zone is refused, since they stand for several.
func listTime(column, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, fmt.Errorf("%s is missing; write when they gave consent, like 2026-03-01T12:00:00Z", column)
	}
	const letters = "2006-01-02 15:04:05 MST"
	for _, form := range []string{time.RFC3339, letters, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2006-01-02"} {
		if at, err := time.Parse(form, text); err == nil && at.Year() >= 2000 && at.Year() < 2200 && (form != letters || at.Location() == time.UTC) {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is no time; write it like 2026-03-01T12:00:00Z", column)
}

// address reads an address of a list. A number that is possible is taken, with a
// warning where it is none that the tables know: they are late with new ones.
func (l *List) address(kind, typed string, into *Listed) error {
	numbers := l.Numbers
	numbers.Possible = true
	a, err := Read(kind, typed, numbers)
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	if k, _ := KindOf(kind); k.Secret && hookSecret(a) == "" {
		secret, err := newHookSecret(rand.Reader)
		if err != nil {
			return err
		}
		a.Value = asJSON(hook{URL: a.Same, Secret: secret})
	}
	if kind == "sms" || kind == "alimtalk" {
		if _, err := l.Numbers.Read(a.Value); err != nil {
			into.Warning = "the number may not get texts: no operator is known to give out its like"
		}
	}
	into.Address = a
	return nil
}

// topic adds a topic by its id, or by the name others know it by.
func (l *List) topic(name string, into *Listed) error {
	id, ok := l.Topics[strings.ToLower(name)]
	if !ok {
		return errors.New("names a service that there is not; write ids of components and group/ID of groups, or say with --topic NAME=ID which one is meant")
	}
	if !slices.Contains(into.Wishes.Topics, id) {
		into.Wishes.Topics = append(into.Wishes.Topics, id)
	}
	return nil
}

func readStatuspage(l *List, get func(string) string, into *Listed) error {
	if err := l.consent("Statuspage subscription", get("consented"), into); err != nil {
		return err
	}
	into.Confirmed, into.AtLeast = into.Consented, status.PartialOutage
	switch strings.ToLower(get("confirmed")) {
	case "false", "no", "unconfirmed", "pending":
		return errors.New("was not confirmed there; let them sign up here")
	}
	if at := strings.ToLower(get("quarantined")); at != "" && at != "false" && at != "no" {
		into.Suppressed = "quarantined at Statuspage"
	}
	kind, typed := "", ""
	switch strings.ToLower(cmp.Or(get("type"), guess(get))) {
	case "email":
		kind, typed = "email", get("email")
	case "sms", "phone":
		kind, typed = "sms", get("phone")
		l.Numbers.Region = cmp.Or(strings.ToUpper(get("country")), "US") // what their API says of a number without one
	case "webhook":
		kind, typed = "statuspage", get("endpoint")
	default:
		return errors.New("is no subscriber by mail, SMS or webhook; what goes to Slack or Teams is set up there")
	}
	for name := range strings.FieldsFuncSeq(get("components"), func(r rune) bool { return strings.ContainsRune(",;|", r) }) {
		if err := l.topic(strings.TrimSpace(name), into); err != nil {
			return fmt.Errorf("components: %w", err)
		}
	}
	return l.address(kind, typed, into)
}

// guess is the type of who has no type: by what is filled in.
func guess(get func(string) string) string {
	for _, of := range []struct{ column, kind string }{{"endpoint", "webhook"}, {"phone", "sms"}, {"email", "email"}} {
		if get(of.column) != "" {
			return of.kind
		}
	}
	return ""
}

// Cells writes a listed address as a line of our own lists.
func (l *Listed) Cells() string {
	return Cells([]string{
		l.Person, l.Address.Kind, l.Address.Value, l.Lang, l.Plan, l.AtLeast.String(), strings.Join(l.Wishes.Topics, " "), l.Wishes.Quiet.String(),
		strings.Join(l.Wishes.Order, " "), l.Source, listStamp(l.Consented), listStamp(l.Confirmed), l.Suppressed,
	})
}

func listStamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
