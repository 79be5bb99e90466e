package drill

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the signature scheme of the API that is imitated
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf16"
)

// twilioDesk is an SMS gateway in the shape of Twilio's Messages API. A message
// is taken before the answer's latency begins: a client killed while it waits
// has sent it and does not know.
//
//	POST /2010-04-01/Accounts/{sid}/Messages.json
//	GET  /2010-04-01/Accounts/{sid}/Messages.json?To=&DateSent=
//	GET  /2010-04-01/Accounts/{sid}/Messages/{SM…}.json
type twilioDesk struct {
	city    *City
	dice    *dice
	shelf   *shelf
	stopped *memory // numbers that answered STOP
	inbound atomic.Pointer[string]
	root    string // the account's path
}

const (
	twilioMaxBody     = 1600 // characters of a text
	twilioMaxCallback = 4000 // bytes of a callback's address
	stoppedKept       = 10_000
)

// The states of a message that the gateway goes through.
const (
	twilioAccepted  = "accepted"
	twilioQueued    = "queued"
	twilioSent      = "sent"
	twilioDelivered = "delivered"
)

func newTwilioDesk(c *City) *twilioDesk {
	return &twilioDesk{
		city:    c,
		dice:    newDice(c.settings.Seed, "sms"),
		shelf:   newShelf(c.settings.Keep),
		stopped: newMemory(stoppedKept, 365*24*time.Hour),
		root:    "/2010-04-01/Accounts/" + c.keys.TwilioSID,
	}
}

func (d *twilioDesk) read(a *ask) note {
	if a.r.Method != http.MethodPost {
		return note{to: phone(a.r.URL.Query().Get("To"))}
	}
	a.readForm()
	return note{to: cmp.Or(phone(a.form.Get("To")), a.form.Get("To")), body: a.form.Get("Body"), key: a.form.Get("StatusCallback")}
}

func (d *twilioDesk) answer(a *ask) {
	user, password, _ := a.r.BasicAuth()
	path, inside := strings.CutPrefix(a.r.URL.Path, d.root)
	switch {
	case !same(user, d.city.keys.TwilioSID) || !same(password, d.city.keys.TwilioToken):
		twilioRefuse(a.w, http.StatusUnauthorized, 20003, "Authenticate")
	case inside && path == "/Messages.json" && a.r.Method == http.MethodPost:
		d.take(a)
	case inside && path == "/Messages.json" && a.r.Method == http.MethodGet:
		d.list(a)
	case inside && strings.HasPrefix(path, "/Messages/") && a.r.Method == http.MethodGet:
		d.fetch(a, strings.TrimSuffix(strings.TrimPrefix(path, "/Messages/"), ".json"))
	default:
		twilioRefuse(a.w, http.StatusNotFound, 20404, "The requested resource "+a.r.URL.Path+" was not found")
	}
}

func (d *twilioDesk) complain(mode Mode) complaint {
	switch mode {
	case Credential:
		return complaint{http.StatusUnauthorized, 0, twilioError(http.StatusUnauthorized, 20003, "Authenticate")}
	case Throttled:
		return complaint{http.StatusTooManyRequests, 1, twilioError(http.StatusTooManyRequests, 20429, "Too Many Requests")}
	default:
		return complaint{http.StatusServiceUnavailable, 0, twilioError(http.StatusServiceUnavailable, 20503, "Service Unavailable")}
	}
}

// take takes a message or says why not.
func (d *twilioDesk) take(a *ask) {
	if code, text := d.problem(a.form); code != 0 {
		twilioRefuse(a.w, http.StatusBadRequest, code, text)
		return
	}
	service := a.form.Get("MessagingServiceSid")
	p := &parcel{
		id:    d.dice.id("SM"),
		to:    phone(a.form.Get("To")),
		from:  cmp.Or(a.form.Get("From"), d.city.keys.TwilioFrom),
		body:  a.form.Get("Body"),
		key:   a.form.Get("StatusCallback"),
		shape: service,
		taken: d.city.now(),
		state: twilioQueued,
	}
	if service != "" {
		p.state = twilioAccepted // a messaging service picks the sender first
	}
	p.changed = p.taken
	answer := d.message(p) // before others can change it
	d.shelf.put(p)
	a.ref = p.id
	if a.mode != Lose {
		d.dispatch(p, a.mode)
	}
	d.city.pause(a.r.Context(), d.dice.between(d.city.settings.Latency))
	writeJSON(a.w, http.StatusCreated, answer)
}

// problem says what is wrong with a message, with the gateway's code; 0 if
// nothing is.
func (d *twilioDesk) problem(form url.Values) (code int, text string) {
	to := phone(form.Get("To"))
	body := form.Get("Body")
	switch {
	case form.Get("To") == "":
		return 21604, "A 'To' phone number is required."
	case form.Get("From") == "" && form.Get("MessagingServiceSid") == "":
		return 21603, "A 'From' phone number or MessagingServiceSid is required."
	case body == "":
		return 21602, "Message body is required."
	case len(utf16.Encode([]rune(body))) > twilioMaxBody:
		return 21617, "The concatenated message body exceeds the 1600 character limit."
	case len(form.Get("StatusCallback")) > twilioMaxCallback || badCallback(form.Get("StatusCallback")):
		return 21609, "The StatusCallback URL is not a valid URL."
	case to == "" || !strings.HasPrefix(form.Get("To"), "+"):
		return 21211, "Invalid 'To' Phone Number: " + form.Get("To")
	case landline(to):
		return 21614, "'To' number is not a valid mobile number: " + to
	case d.stopped.has(to, d.city.now()):
		return 21610, "Attempt to send to unsubscribed recipient"
	default:
		return 0, ""
	}
}

// landline says whether a Korean number is none of a mobile phone, and calls
// every other country's number mobile.
func landline(number string) bool {
	rest, korean := strings.CutPrefix(number, "+82")
	return korean && !strings.HasPrefix(rest, "10")
}

func badCallback(address string) bool {
	if address == "" {
		return false
	}
	u, err := url.Parse(address)
	return err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")
}

// dispatch sends the message on its way to the phone and its receipts on
// theirs to the sender.
func (d *twilioDesk) dispatch(p *parcel, mode Mode) {
	travel := d.dice.between(d.city.settings.Travel)
	follow := receipts(p, travel, mode, d.city.settings.Late) // while nobody else changes its state
	d.city.bring(travel, func() {
		d.shelf.set(p, twilioDelivered, d.city.now())
		d.city.arrive(SMS, p, "")
	})
	if p.key == "" {
		return
	}
	for _, r := range follow {
		d.call(p.key, p.id, d.receipt(p, r.state), r.after, 1)
	}
}

type receiptPlan struct {
	state string
	after time.Duration
}

// receipts says which receipts follow a message and when. The gateway sends
// none for the state that its answer has already told.
func receipts(p *parcel, travel time.Duration, mode Mode, late time.Duration) []receiptPlan {
	plan := []receiptPlan{{twilioSent, travel / 2}, {twilioDelivered, travel + time.Millisecond}}
	if p.state == twilioAccepted {
		plan = slices.Insert(plan, 0, receiptPlan{twilioQueued, travel / 4})
	}
	switch mode {
	case Late:
		for i := range plan {
			plan[i].after += late
		}
	case Shuffled: // backwards, and then all of it once more
		for i := range plan {
			plan[i].after = travel + time.Duration(len(plan)-i)*travel/2
		}
		again := slices.Clone(plan)
		for i := range again {
			again[i].after += time.Duration(len(plan)) * travel / 2
		}
		plan = append(plan, again...)
	default:
	}
	return plan
}

func (d *twilioDesk) receipt(p *parcel, state string) url.Values {
	form := url.Values{
		"MessageSid": {p.id}, "SmsSid": {p.id}, "MessageStatus": {state}, "SmsStatus": {state},
		"To": {p.to}, "From": {p.from}, "AccountSid": {d.city.keys.TwilioSID}, "ApiVersion": {"2010-04-01"},
	}
	if p.shape != "" {
		form.Set("MessagingServiceSid", p.shape)
	}
	return form
}

// callTries is how often a callback is tried when nobody takes it.
const callTries = 3

// call tells the sender something after a while.
func (d *twilioDesk) call(address, ref string, form url.Values, after time.Duration, try int) {
	came := Entry{Kind: Callback, Service: SMS, To: form.Get("To"), Body: form.Get("MessageStatus"), Key: address, Ref: ref}
	room := d.city.callbacks.after(after, func(ctx context.Context) {
		came.At = d.city.now()
		outcome, again := d.deliver(ctx, address, form)
		came.Outcome = outcome
		d.city.log.write(came)
		if again && try < callTries {
			d.call(address, ref, form, time.Duration(try)*500*time.Millisecond, try+1)
		}
	})
	if !room {
		came.At, came.Outcome = d.city.now(), "dropped: too many callbacks are waiting"
		d.city.log.write(came)
	}
}

// deliver makes one signed call. It says how it ended and whether another try
// makes sense.
func (d *twilioDesk) deliver(ctx context.Context, address string, form url.Values) (outcome string, again bool) {
	address, _, _ = strings.Cut(address, "#") // the fragment holds settings for the gateway
	return d.city.tell(ctx, address, "application/x-www-form-urlencoded; charset=UTF-8", form.Encode(), http.Header{
		"User-Agent":                 {"TwilioProxy/1.1 (simulation)"},
		"X-Twilio-Signature":         {d.sign(address, form)},
		"I-Twilio-Idempotency-Token": {secret(d.city.settings.Seed, address+form.Encode())},
	})
}

// tell calls the sender back, once.
func (c *City) tell(ctx context.Context, address, kind, body string, header http.Header) (outcome string, again bool) {
	if c.indoors == nil && !loopback(address) {
		return errNotLoopback.Error(), false
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return err.Error(), false
	}
	maps.Copy(request.Header, header)
	request.Header.Set("Content-Type", kind)
	request.Header.Set("X-Simulation", "true")
	response, err := c.outward.Do(request)
	if err != nil {
		return callFailure(err), true
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection can be used again
	return strconv.Itoa(response.StatusCode), response.StatusCode >= http.StatusInternalServerError
}

// callFailure keeps the reason and not the address, which the entry has.
func callFailure(err error) string {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	return err.Error()
}

// loopback says whether an address names this machine. The client looks again
// at what the name resolves to.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// sign signs a callback: the exact address, then each parameter's name and
// value in the order of the names.
func (d *twilioDesk) sign(address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(d.city.keys.TwilioToken))
	mac.Write([]byte(address))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		mac.Write([]byte(name + form.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// list answers a look-up, newest first.
func (d *twilioDesk) list(a *ask) {
	query := a.r.URL.Query()
	keep, err := sentWithin(query, d.city.now())
	if err != nil {
		twilioRefuse(a.w, http.StatusBadRequest, 20001, err.Error())
		return
	}
	found := d.shelf.find(phone(query.Get("To")), keep)
	if query.Get("To") != "" && phone(query.Get("To")) == "" {
		found = nil
	}
	slices.Reverse(found)
	size := whole(query.Get("PageSize"), 50, 1, 1000)
	page := whole(query.Get("Page"), 0, 0, 1<<20)
	from := min(page*size, len(found))
	until := min(from+size, len(found))
	messages := make([]twilioMessage, 0, until-from)
	for _, p := range found[from:until] {
		messages = append(messages, d.message(&p))
	}
	answer := simulated(fields{
		"messages": messages, "page": page, "page_size": size, "start": from, "end": max(from, until-1),
		"uri": a.r.URL.RequestURI(), "first_page_uri": pageURI(a.r.URL, 0), "next_page_uri": nil, "previous_page_uri": nil,
	})
	if until < len(found) {
		answer["next_page_uri"] = pageURI(a.r.URL, page+1)
	}
	if page > 0 {
		answer["previous_page_uri"] = pageURI(a.r.URL, page-1)
	}
	writeJSON(a.w, http.StatusOK, answer)
}

func pageURI(u *url.URL, page int) string {
	query := u.Query()
	query.Set("Page", strconv.Itoa(page))
	return u.Path + "?" + query.Encode()
}

func whole(text string, otherwise, least, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return otherwise
	}
	return min(max(n, least), most)
}

// sentWithin reads the DateSent filters: an instant, or a day in GMT.
func sentWithin(query url.Values, now time.Time) (func(*parcel) bool, error) {
	from, until := time.Time{}, now.AddDate(1, 0, 0)
	for name, bound := range map[string]func(begin, end time.Time){
		"DateSent":  func(begin, end time.Time) { from, until = begin, end },
		"DateSent>": func(begin, _ time.Time) { from = begin },
		"DateSent<": func(_, end time.Time) { until = end },
	} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		begin, end, err := dayOrInstant(text)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		bound(begin, end)
	}
	return func(p *parcel) bool { return !p.taken.Before(from) && p.taken.Before(until) }, nil
}

// dayOrInstant reads a day, from its begin to the next one's, or an instant,
// which as an exact date means its whole day too.
func dayOrInstant(text string) (begin, end time.Time, err error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, day.AddDate(0, 0, 1), nil
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, time.Time{}, errors.New("write 2006-01-02 or 2006-01-02T15:04:05Z")
	}
	return instant, instant.Add(time.Second), nil
}

func (d *twilioDesk) fetch(a *ask, id string) {
	found := d.shelf.request(id)
	if len(found) == 0 {
		twilioRefuse(a.w, http.StatusNotFound, 20404, "The requested resource "+a.r.URL.Path+" was not found")
		return
	}
	writeJSON(a.w, http.StatusOK, d.message(&found[0]))
}

// twilioMessage is a message as the API shows it.
type twilioMessage struct {
	Sid          string            `json:"sid"`
	AccountSid   string            `json:"account_sid"`
	Service      *string           `json:"messaging_service_sid"`
	APIVersion   string            `json:"api_version"`
	Direction    string            `json:"direction"`
	From         string            `json:"from"`
	To           string            `json:"to"`
	Body         string            `json:"body"`
	Status       string            `json:"status"`
	Created      string            `json:"date_created"`
	Updated      string            `json:"date_updated"`
	Sent         *string           `json:"date_sent"`
	Segments     string            `json:"num_segments"`
	Media        string            `json:"num_media"`
	ErrorCode    *int              `json:"error_code"`
	ErrorMessage *string           `json:"error_message"`
	Price        *string           `json:"price"`
	PriceUnit    string            `json:"price_unit"`
	URI          string            `json:"uri"`
	Subresources map[string]string `json:"subresource_uris"`
	Simulation   bool              `json:"simulation"`
}

func (d *twilioDesk) message(p *parcel) twilioMessage {
	uri := d.root + "/Messages/" + p.id
	shown := twilioMessage{
		Sid: p.id, AccountSid: d.city.keys.TwilioSID, Service: orNull(p.shape), APIVersion: "2010-04-01",
		Direction: "outbound-api", From: p.from, To: p.to, Body: p.body, Status: p.state,
		Created: p.taken.UTC().Format(time.RFC1123Z), Updated: p.changed.UTC().Format(time.RFC1123Z),
		Segments: strconv.Itoa(segments(p.body)), Media: "0", PriceUnit: "USD",
		URI: uri + ".json", Subresources: map[string]string{"media": uri + "/Media.json"}, Simulation: true,
	}
	if p.state == twilioDelivered {
		shown.Sent = &shown.Updated
	}
	return shown
}

// segments estimates the parts of a text: ASCII in septets, all else in UTF-16
// units. The few exceptions of the real alphabet are not worth imitating.
func segments(body string) int {
	length, single, part := len(body), 160, 153
	if strings.ContainsFunc(body, func(r rune) bool { return r > 0x7f }) {
		length, single, part = len(utf16.Encode([]rune(body))), 70, 67
	}
	if length <= single {
		return 1
	}
	return (length + part - 1) / part
}

func twilioRefuse(w http.ResponseWriter, status, code int, text string) {
	writeJSON(w, status, twilioError(status, code, text))
}

func twilioError(status, code int, text string) fields {
	return simulated(fields{
		"code": code, "message": text, "status": status,
		"more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(code),
	})
}

// SetInbound says where the SMS gateway hands over what people write to it.
// The address must be of this machine; empty switches it off.
func (c *City) SetInbound(address string) error {
	if address != "" && !loopback(address) {
		return fmt.Errorf("setting the address for inbound messages to %s: %w", address, errNotLoopback)
	}
	c.twilio.inbound.Store(&address)
	return nil
}

// Reply plays a person who writes to the SMS gateway's number. STOP and START
// work at the gateway itself, as they do at the real one, and are handed over
// like every other text. The error says that the number is none.
func (c *City) Reply(from, text string) error {
	number := phone(from)
	if number == "" {
		return fmt.Errorf("replying from %q: it is no phone number", from)
	}
	d := c.twilio
	form := url.Values{
		"MessageSid": {d.dice.id("SM")}, "AccountSid": {c.keys.TwilioSID}, "ApiVersion": {"2010-04-01"},
		"From": {number}, "To": {c.keys.TwilioFrom}, "Body": {text}, "NumMedia": {"0"}, "NumSegments": {"1"},
	}
	switch strings.ToUpper(strings.TrimSpace(text)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT":
		d.stopped.add(number, d.city.now())
		form.Set("OptOutType", "STOP")
	case "START", "UNSTOP", "YES":
		d.stopped.remove(number)
		form.Set("OptOutType", "START")
	default:
	}
	if address := d.inbound.Load(); address != nil && *address != "" {
		d.call(*address, form.Get("MessageSid"), form, 0, 1)
	}
	return nil
}
