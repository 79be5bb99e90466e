package drill

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// alimTalkDesk is a gateway to the messenger in the shape of NHN Cloud's
// AlimTalk API. It follows the messenger: while chat or login is dead, a
// hand-over gets no answer and what is under way never arrives; look-ups go on
// being answered, for the gateway itself is well.
//
//	POST /alimtalk/{version}/appkeys/{appkey}/messages  (and raw-messages)
//	GET  /alimtalk/{version}/appkeys/{appkey}/messages?requestId=|recipientNo=&…
//	GET  /alimtalk/{version}/appkeys/{appkey}/messages/{requestId}/{recipientSeq}
//	GET  /alimtalk/{version}/appkeys/{appkey}/message-results?startUpdateDate=&endUpdateDate=
type alimTalkDesk struct {
	city  *City
	dice  *dice
	shelf *shelf
	keys  *memory
}

// What the gateway's API says of itself.
const (
	alimTalkKeyHeader = "X-NC-API-IDEMPOTENCY-KEY"
	alimTalkKeyLife   = 10 * time.Minute // the same key is refused within this
	alimTalkMost      = 1000             // recipients in one request
	alimTalkCompleted = "COMPLETED"
)

// Result codes of the gateway.
const (
	alimTalkOK         = 0
	alimTalkInvalid    = 4
	alimTalkBadApp     = -1000
	alimTalkBadSecret  = -1001
	alimTalkDuplicate  = -1005
	alimTalkNoSender   = -2017
	alimTalkNoTemplate = -3016
	alimTalkDown       = -9999
)

func newAlimTalkDesk(c *City) *alimTalkDesk {
	return &alimTalkDesk{
		city:  c,
		dice:  newDice(c.settings.Seed, "alimtalk"),
		shelf: newShelf(c.settings.Keep),
		keys:  newMemory(c.settings.Keep, alimTalkKeyLife),
	}
}

// alimTalkRequest is the part of a request that means something here.
type alimTalkRequest struct {
	SenderKey    string              `json:"senderKey"`
	TemplateCode string              `json:"templateCode"`
	Recipients   []alimTalkRecipient `json:"recipientList"`
}

type alimTalkRecipient struct {
	Number     string            `json:"recipientNo"`
	Parameters map[string]string `json:"templateParameter"`
	Content    string            `json:"content"` // of raw-messages
	Group      string            `json:"recipientGroupingKey"`
}

func (d *alimTalkDesk) read(a *ask) note {
	n := note{key: a.r.Header.Get(alimTalkKeyHeader)}
	var request alimTalkRequest
	if a.r.Method != http.MethodPost || readJSON(a.body, &request) != nil {
		return n
	}
	a.send = request
	if len(request.Recipients) == 1 { // many recipients are told apart by their arrivals
		only := request.Recipients[0]
		n.to, n.body = cmp.Or(phone(only.Number), only.Number), d.text(request.TemplateCode, only)
	}
	return n
}

func (d *alimTalkDesk) answer(a *ask) {
	rest, _ := strings.CutPrefix(a.r.URL.Path, "/alimtalk/")
	parts := strings.Split(rest, "/") // version, appkeys, appkey, messages, …
	if len(parts) < 4 || parts[1] != "appkeys" || !slices.Contains([]string{"messages", "raw-messages", "message-results"}, parts[3]) {
		http.NotFound(a.w, a.r)
		return
	}
	switch {
	case !same(parts[2], d.city.keys.AlimTalkApp):
		alimTalkRefuse(a.w, alimTalkBadApp, "Invalid appKey.")
	case !same(a.r.Header.Get("X-Secret-Key"), d.city.keys.AlimTalkSecret):
		alimTalkRefuse(a.w, alimTalkBadSecret, "Invalid secretKey.")
	case parts[3] == "message-results" && a.r.Method == http.MethodGet && len(parts) == 4:
		d.results(a)
	case a.r.Method == http.MethodPost && len(parts) == 4:
		d.take(a)
	case a.r.Method == http.MethodGet && len(parts) == 4:
		d.list(a)
	case a.r.Method == http.MethodGet && len(parts) == 6:
		d.fetch(a, parts[4], parts[5])
	default:
		http.NotFound(a.w, a.r)
	}
}

func (d *alimTalkDesk) complain(mode Mode) complaint {
	switch mode {
	case Credential:
		return complaint{http.StatusUnauthorized, 0, alimTalkHeader(alimTalkBadSecret, "Invalid secretKey.")}
	case Throttled:
		return complaint{http.StatusTooManyRequests, 1, alimTalkHeader(alimTalkDown, "Too many requests.")}
	default:
		return complaint{http.StatusServiceUnavailable, 0, alimTalkHeader(alimTalkDown, "The service is not available.")}
	}
}

// take takes the messages of a request or says why not. A key is used up by a
// request that passes, not by one that is refused for its content.
func (d *alimTalkDesk) take(a *ask) {
	request, ok := a.send.(alimTalkRequest)
	if !ok {
		alimTalkRefuse(a.w, alimTalkInvalid, "The request body can not be read.")
		return
	}
	if code, text := d.problem(&request); code != alimTalkOK {
		alimTalkRefuse(a.w, code, text)
		return
	}
	if d.city.messengerDead() {
		a.hung = true
		return
	}
	key := a.r.Header.Get(alimTalkKeyHeader)
	if key != "" && !d.keys.add(key, d.city.now()) {
		alimTalkRefuse(a.w, alimTalkDuplicate, "The same '"+alimTalkKeyHeader+"' was used within the last 10 minute.")
		return
	}
	a.ref = d.dice.id("")
	results := d.dispatch(a, &request, key)
	d.city.pause(a.r.Context(), d.dice.between(d.city.settings.Latency))
	writeJSON(a.w, http.StatusOK, simulated(fields{
		"header":  alimTalkResult(alimTalkOK, "SUCCESS"),
		"message": fields{"requestId": a.ref, "senderGroupingKey": nil, "sendResults": results},
	}))
}

func (d *alimTalkDesk) problem(r *alimTalkRequest) (code int, text string) {
	switch {
	case r.SenderKey != d.city.keys.AlimTalkSender:
		return alimTalkNoSender, "Not exist plus friend."
	case len(r.Recipients) == 0:
		return alimTalkInvalid, "The 'recipientList' must not be empty."
	case len(r.Recipients) > alimTalkMost:
		return alimTalkInvalid, "The 'recipientList' must be at less than or equal to 1000."
	case !d.registered(r.TemplateCode):
		return alimTalkNoTemplate, "The template does not exist."
	default:
		return alimTalkOK, ""
	}
}

func (d *alimTalkDesk) registered(code string) bool {
	_, known := d.city.settings.Templates[code]
	return code != "" && (known || len(d.city.settings.Templates) == 0)
}

// alimTalkSent is what became of one recipient of a request.
type alimTalkSent struct {
	Seq    int     `json:"recipientSeq"`
	Number string  `json:"recipientNo"`
	Code   int     `json:"resultCode"`
	Text   string  `json:"resultMessage"`
	Group  *string `json:"recipientGroupingKey"`
}

// alimTalkVerdict is the header of every answer.
type alimTalkVerdict struct {
	Code int    `json:"resultCode"`
	Text string `json:"resultMessage"`
	Good bool   `json:"isSuccessful"`
}

// dispatch sends each message on its way and returns the results for the
// answer.
func (d *alimTalkDesk) dispatch(a *ask, r *alimTalkRequest, key string) []alimTalkSent {
	now := d.city.now()
	results := make([]alimTalkSent, 0, len(r.Recipients))
	for i, recipient := range r.Recipients {
		result := alimTalkSent{i + 1, recipient.Number, alimTalkOK, "SUCCESS", orNull(recipient.Group)}
		to := phone(recipient.Number)
		if to == "" || landline(to) {
			result.Code, result.Text = alimTalkInvalid, "The 'recipientNo' is not a mobile number."
			results = append(results, result)
			continue
		}
		results = append(results, result)
		d.send(a.mode, &parcel{
			id: a.ref, to: to, body: d.text(r.TemplateCode, recipient), key: key, group: recipient.Group,
			seq: i + 1, shape: r.TemplateCode, taken: now, changed: now,
		})
	}
	return results
}

// send takes one message to its phone, if the messenger is still alive when it
// gets there. Its result is known when the phone has it, or later.
func (d *alimTalkDesk) send(mode Mode, p *parcel) {
	d.shelf.put(p)
	if mode == Lose {
		return
	}
	known := time.Duration(0)
	if mode == Late {
		known = d.city.settings.Late
	}
	d.city.bring(d.dice.between(d.city.settings.Travel), func() {
		if d.city.messengerDead() {
			return
		}
		d.city.arrive(AlimTalk, p, "")
		d.city.bring(known, func() { d.shelf.set(p, alimTalkCompleted, d.city.now()) })
	})
}

// text is what the recipient reads.
func (d *alimTalkDesk) text(code string, r alimTalkRecipient) string {
	template, known := d.city.settings.Templates[code]
	switch {
	case r.Content != "":
		return r.Content
	case known:
		pairs := make([]string, 0, 2*len(r.Parameters))
		for _, name := range sortedKeys(r.Parameters) {
			pairs = append(pairs, "#{"+name+"}", r.Parameters[name])
		}
		return strings.NewReplacer(pairs...).Replace(template)
	default:
		values := make([]string, 0, len(r.Parameters))
		for _, name := range sortedKeys(r.Parameters) {
			values = append(values, r.Parameters[name])
		}
		return strings.Join(values, " ")
	}
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// list answers a look-up by request, or by number and time, newest first.
func (d *alimTalkDesk) list(a *ask) {
	query := a.r.URL.Query()
	var found []parcel
	if id := query.Get("requestId"); id != "" {
		found = d.shelf.request(id)
	} else {
		from, errFrom := alimTalkTime(cmp.Or(query.Get("startRequestDate"), query.Get("startCreateDate")))
		until, errUntil := alimTalkTime(cmp.Or(query.Get("endRequestDate"), query.Get("endCreateDate")))
		if errFrom != nil || errUntil != nil {
			alimTalkRefuse(a.w, alimTalkInvalid, "Write requestId, or startRequestDate and endRequestDate as yyyy-MM-dd HH:mm.")
			return
		}
		until = until.Add(time.Minute) // the minute named is meant whole
		found = d.shelf.find(phone(query.Get("recipientNo")), func(p *parcel) bool {
			return !p.taken.Before(from) && p.taken.Before(until)
		})
	}
	found = slices.DeleteFunc(found, func(p parcel) bool {
		group, number := query.Get("recipientGroupingKey"), query.Get("recipientNo")
		return group != "" && group != p.group || number != "" && phone(number) != p.to
	})
	slices.Reverse(found)
	size := whole(query.Get("pageSize"), 15, 1, 1000)
	from := min((whole(query.Get("pageNum"), 1, 1, 1<<20)-1)*size, len(found))
	messages := []fields{}
	for _, p := range found[from:min(from+size, len(found))] {
		messages = append(messages, d.message(&p))
	}
	writeJSON(a.w, http.StatusOK, simulated(fields{
		"header":                      alimTalkResult(alimTalkOK, "SUCCESS"),
		"messageSearchResultResponse": fields{"messages": messages, "totalCount": len(found)},
	}))
}

// results answers what became known between two minutes, both of them meant
// whole. Shuffled, it says it backwards and twice.
func (d *alimTalkDesk) results(a *ask) {
	query := a.r.URL.Query()
	from, errFrom := alimTalkTime(query.Get("startUpdateDate"))
	until, errUntil := alimTalkTime(query.Get("endUpdateDate"))
	if errFrom != nil || errUntil != nil {
		alimTalkRefuse(a.w, alimTalkInvalid, "Write startUpdateDate and endUpdateDate as yyyy-MM-dd HH:mm.")
		return
	}
	found := shuffled(d.shelf.find("", func(p *parcel) bool {
		return p.state != "" && !p.changed.Before(from) && p.changed.Before(until.Add(time.Minute))
	}), a.mode)
	size := whole(query.Get("pageSize"), 15, 1, 1000)
	first := min((whole(query.Get("pageNum"), 1, 1, 1<<20)-1)*size, len(found))
	messages := []fields{}
	for _, p := range found[first:min(first+size, len(found))] {
		shown := d.message(&p)
		delete(shown, "recipientGroupingKey") // the list tells no key of the sender's
		delete(shown, "content")
		messages = append(messages, shown)
	}
	writeJSON(a.w, http.StatusOK, simulated(fields{"header": alimTalkResult(alimTalkOK, "SUCCESS"), "messages": messages}))
}

func (d *alimTalkDesk) fetch(a *ask, id, seq string) {
	for _, p := range d.shelf.request(id) {
		if strconv.Itoa(p.seq) == seq {
			writeJSON(a.w, http.StatusOK, simulated(fields{"header": alimTalkResult(alimTalkOK, "SUCCESS"), "message": d.message(&p)}))
			return
		}
	}
	writeJSON(a.w, http.StatusOK, simulated(fields{"header": alimTalkResult(alimTalkOK, "SUCCESS"), "message": nil}))
}

// message is a message as the API shows it. Until its result is known, status
// and result code are null.
func (d *alimTalkDesk) message(p *parcel) fields {
	shown := fields{
		"requestId": p.id, "recipientSeq": p.seq, "plusFriendId": "@simulation", "senderKey": d.city.keys.AlimTalkSender,
		"templateCode": p.shape, "recipientNo": national(p.to), "content": p.body,
		"requestDate": koreanTime(p.taken), "createDate": koreanTime(p.taken), "receiveDate": nil,
		"resendStatus": "RSC01", "resendStatusName": "-", "messageStatus": nil, "resultCode": nil, "resultCodeName": nil,
		"buttons": []fields{}, "senderGroupingKey": nil, "recipientGroupingKey": orNull(p.group),
	}
	if p.state == alimTalkCompleted {
		shown["messageStatus"], shown["resultCode"], shown["resultCodeName"] = alimTalkCompleted, "MRC01", "성공"
		shown["receiveDate"] = koreanTime(p.changed)
	}
	return shown
}

// korea is nine hours ahead of UTC, all year.
var korea = time.FixedZone("KST", 9*60*60)

func koreanTime(t time.Time) string { return t.In(korea).Format("2006-01-02 15:04:05.0") }

func alimTalkTime(text string) (time.Time, error) {
	return time.ParseInLocation("2006-01-02 15:04", text, korea)
}

// national writes a Korean number as it is dialled there.
func national(number string) string {
	if rest, korean := strings.CutPrefix(number, "+82"); korean {
		return "0" + rest
	}
	return number
}

// alimTalkRefuse says no as this API does: with 200, and in the header of the
// body.
func alimTalkRefuse(w http.ResponseWriter, code int, text string) {
	writeJSON(w, http.StatusOK, alimTalkHeader(code, text))
}

func alimTalkHeader(code int, text string) fields {
	return simulated(fields{"header": alimTalkResult(code, text)})
}

func alimTalkResult(code int, text string) alimTalkVerdict {
	return alimTalkVerdict{code, text, code == alimTalkOK}
}
