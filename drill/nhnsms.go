package drill

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// nhnSMSDesk is an SMS gateway in the shape of NHN Cloud SMS. It has no key that
// makes sending again safe: what it is told twice it sends twice.
//
//	POST /sms/v3.0/appKeys/{appKey}/sender/sms  (and mms: a long text)
//	GET  /sms/v3.0/appKeys/{appKey}/sender/sms?recipientGroupingKey=&startCreateDate=&endCreateDate=
//	GET  /sms/v3.0/appKeys/{appKey}/sender/sms/{requestId}?recipientSeq=
//	GET  /sms/v3.0/appKeys/{appKey}/message-results?startUpdateDate=&endUpdateDate=
type nhnSMSDesk struct {
	city  *City
	dice  *dice
	shelf *shelf
	root  string
}

// What the gateway's API says of itself.
const (
	nhnSMSMost   = 1000 // recipients in one request
	nhnShortMost = 255  // characters that are kept of a short text
	nhnLongMost  = 4000
)

// Result codes of the gateway.
const (
	nhnOK        = 0
	nhnBadApp    = -1000
	nhnNotThere  = -9998
	nhnBadJSON   = -9997
	nhnDown      = -9999
	nhnBadDate   = -2000
	nhnNobody    = -2001
	nhnNoText    = -2014
	nhnTooLong   = -2015
	nhnTooMany   = -2016
	nhnBadNumber = -2019
	nhnNoSender  = -2312
	nhnOptedOut  = -6001
	nhnArrived   = "1000" // a result, not an answer
)

func newNHNSMSDesk(c *City) *nhnSMSDesk {
	return &nhnSMSDesk{
		city:  c,
		dice:  newDice(c.settings.Seed, "nhn sms"),
		shelf: newShelf(c.settings.Keep),
		root:  "/sms/v3.0/appKeys/" + c.keys.NHNApp,
	}
}

// nhnSMSRequest is the part of a request that means something here.
type nhnSMSRequest struct {
	Title      string `json:"title"`
	Body       string `json:"body"`
	From       string `json:"sendNo"`
	Recipients []struct {
		Number string `json:"recipientNo"`
		Abroad string `json:"internationalRecipientNo"`
		Group  string `json:"recipientGroupingKey"`
	} `json:"recipientList"`
}

func (d *nhnSMSDesk) read(a *ask) note {
	var request nhnSMSRequest
	if a.r.Method != http.MethodPost || readJSON(a.body, &request) != nil {
		return note{}
	}
	a.send = request
	n := note{body: request.Body}
	if len(request.Recipients) == 1 { // many recipients are told apart by their arrivals
		only := request.Recipients[0]
		n.to, n.key = phone(cmp.Or(only.Number, "+"+only.Abroad)), only.Group
	}
	return n
}

func (d *nhnSMSDesk) answer(a *ask) {
	path, inside := strings.CutPrefix(a.r.URL.Path, d.root)
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	sender := len(parts) >= 2 && parts[0] == "sender" && (parts[1] == "sms" || parts[1] == "mms")
	switch {
	case !inside || !same(a.r.Header.Get("X-Secret-Key"), d.city.keys.NHNSecret):
		alimTalkRefuse(a.w, nhnBadApp, "Invalid appKey.")
	case sender && len(parts) == 2 && a.r.Method == http.MethodPost:
		d.take(a, parts[1])
	case sender && len(parts) == 2 && a.r.Method == http.MethodGet:
		d.list(a, parts[1])
	case sender && len(parts) == 3 && a.r.Method == http.MethodGet:
		d.fetch(a, parts[2])
	case path == "/message-results" && a.r.Method == http.MethodGet:
		d.results(a)
	default:
		alimTalkRefuse(a.w, nhnNotThere, "Not exist API.")
	}
}

func (d *nhnSMSDesk) complain(mode Mode) complaint {
	switch mode {
	case Credential:
		return complaint{http.StatusUnauthorized, 0, alimTalkHeader(nhnBadApp, "Invalid appKey.")}
	case Throttled:
		return complaint{http.StatusTooManyRequests, 1, alimTalkHeader(nhnDown, "Too many requests.")}
	case Quota:
		return complaint{http.StatusTooManyRequests, retryAfter, alimTalkHeader(nhnDown, "The day's quota is used up.")}
	default:
		return complaint{http.StatusServiceUnavailable, 0, alimTalkHeader(nhnDown, "System error.")}
	}
}

// take takes the texts of a request or says why not.
func (d *nhnSMSDesk) take(a *ask, kind string) {
	request, ok := a.send.(nhnSMSRequest)
	if !ok {
		alimTalkRefuse(a.w, nhnBadJSON, "Invalid API parameters.")
		return
	}
	if code, text := d.problem(&request, kind); code != nhnOK {
		alimTalkRefuse(a.w, code, text)
		return
	}
	a.ref = d.dice.id("")[:25]
	results := d.dispatch(a, &request, kind)
	d.city.pause(a.r.Context(), d.dice.between(d.city.settings.Latency))
	writeJSON(a.w, http.StatusOK, simulated(fields{
		"header": alimTalkResult(nhnOK, "SUCCESS"),
		"body":   fields{"data": fields{"requestId": a.ref, "statusCode": "2", "senderGroupingKey": nil, "sendResultList": results}},
	}))
}

func (d *nhnSMSDesk) problem(r *nhnSMSRequest, kind string) (code int, text string) {
	most := nhnShortMost
	if kind == "mms" {
		most = nhnLongMost
	}
	switch {
	case r.From != d.city.keys.NHNFrom:
		return nhnNoSender, "Not regist sendno."
	case len(r.Recipients) == 0:
		return nhnNobody, "RecipientList can not be null."
	case len(r.Recipients) > nhnSMSMost:
		return nhnTooMany, "The max recipient size is 1000."
	case r.Body == "", kind == "mms" && r.Title == "":
		return nhnNoText, "Title or body can not be empty."
	case len([]rune(r.Body)) > most:
		return nhnTooLong, "Title or Body exceed maximum byte."
	default:
		return nhnOK, ""
	}
}

// dispatchOne sends a text on its way, and its reports to the webhook if there is
// one.
func (d *nhnSMSDesk) dispatchOne(p *parcel, mode Mode) {
	travel := d.dice.between(d.city.settings.Travel)
	d.city.carry(NHN, d.shelf, p, travel, mode, nhnArrived)
	d.city.report(NHN, p, travel, mode, func(state string) (string, http.Header) {
		hook := fields{
			"hookId": p.id, "senderType": map[string]string{"sms": "NORMAL_SMS", "mms": "NORMAL_LMS"}[p.shape],
			"requestId": p.id, "recipientSeq": p.seq, "recipientNo": national(p.to), "sendNo": p.from,
			"messageStatus": "SENDING", "resultCode": nil, "recipientGroupingKey": p.group,
		}
		if state == twilioDelivered {
			hook["messageStatus"], hook["resultCode"] = "COMPLETED", nhnArrived
		}
		return inJSON(fields{
			"hooksId": p.id, "webhookConfigId": "simulation", "productName": "SMS", "appKey": d.city.keys.NHNApp,
			"event": "MESSAGE_RESULT_UPDATE", "hooks": []fields{hook},
		}), http.Header{"X-Toast-Webhook-Signature": {d.city.keys.NHNHook}}
	})
}

// dispatch sends each text on its way and returns the lines of the answer.
func (d *nhnSMSDesk) dispatch(a *ask, r *nhnSMSRequest, kind string) []fields {
	now := d.city.now()
	lines := make([]fields, 0, len(r.Recipients))
	for i, recipient := range r.Recipients {
		to := phone(cmp.Or(recipient.Number, "+"+recipient.Abroad))
		code, text := nhnOK, "SUCCESS"
		switch {
		case to == "" || landline(to):
			code, text = nhnBadNumber, "RecipientNo is invalid."
		case d.city.twilio.stopped.has(to, now):
			code, text = nhnOptedOut, "Recipient Number is refused."
		default:
			p := &parcel{
				id: a.ref, to: to, from: r.From, body: r.Body, key: recipient.Group, group: recipient.Group,
				seq: i + 1, shape: kind, taken: now, changed: now,
			}
			d.shelf.put(p)
			d.dispatchOne(p, a.mode)
		}
		lines = append(lines, fields{
			"recipientNo": recipient.Number, "resultCode": code, "resultMessage": text, "recipientSeq": i + 1, "recipientGroupingKey": orNull(recipient.Group),
		})
	}
	return lines
}

// carry brings a text to its phone, and its result to the shelf: when the phone
// has it, or later. What the gateway loses does neither.
func (c *City) carry(s Service, at *shelf, p *parcel, travel time.Duration, mode Mode, arrived string) {
	if mode == Lose {
		return
	}
	known := time.Duration(0)
	if mode == Late {
		known = c.settings.Late
	}
	c.bring(travel, func() {
		c.arrive(s, p, "")
		c.bring(known, func() { at.set(p, arrived, c.now()) })
	})
}

// list answers a look-up by the time of the request, newest first.
func (d *nhnSMSDesk) list(a *ask, kind string) {
	query := a.r.URL.Query()
	from, errFrom := nhnTime(cmp.Or(query.Get("startCreateDate"), query.Get("startRequestDate")))
	until, errUntil := nhnTime(cmp.Or(query.Get("endCreateDate"), query.Get("endRequestDate")))
	if errFrom != nil || errUntil != nil {
		alimTalkRefuse(a.w, nhnBadDate, "Date format error.")
		return
	}
	group := query.Get("recipientGroupingKey")
	found := d.shelf.find("", func(p *parcel) bool {
		return p.shape == kind && !p.taken.Before(from) && !p.taken.After(until) && (group == "" || group == p.group)
	})
	slices.Reverse(found)
	d.page(a, found)
}

// results answers what became known between two instants. Shuffled, it says it
// backwards and twice.
func (d *nhnSMSDesk) results(a *ask) {
	query := a.r.URL.Query()
	from, errFrom := nhnTime(query.Get("startUpdateDate"))
	until, errUntil := nhnTime(query.Get("endUpdateDate"))
	if errFrom != nil || errUntil != nil || until.Sub(from) > 24*time.Hour {
		alimTalkRefuse(a.w, nhnBadDate, "Date format error.")
		return
	}
	found := d.shelf.find("", func(p *parcel) bool {
		return p.state != "" && !p.changed.Before(from) && !p.changed.After(until)
	})
	d.page(a, shuffled(found, a.mode))
}

// shuffled is what a gateway that muddles its results makes of them.
func shuffled(found []parcel, mode Mode) []parcel {
	if mode != Shuffled {
		return found
	}
	slices.Reverse(found)
	return slices.Concat(found, found)
}

func (d *nhnSMSDesk) page(a *ask, found []parcel) {
	query := a.r.URL.Query()
	size, page := whole(query.Get("pageSize"), 15, 1, 1000), whole(query.Get("pageNum"), 1, 1, 1<<20)
	from := min((page-1)*size, len(found))
	rows := []fields{}
	for _, p := range found[from:min(from+size, len(found))] {
		rows = append(rows, d.message(&p))
	}
	writeJSON(a.w, http.StatusOK, simulated(fields{
		"header": alimTalkResult(nhnOK, "SUCCESS"),
		"body":   fields{"pageNum": page, "pageSize": size, "totalCount": len(found), "data": rows},
	}))
}

func (d *nhnSMSDesk) fetch(a *ask, id string) {
	for _, p := range d.shelf.request(id) {
		if strconv.Itoa(p.seq) == a.r.URL.Query().Get("recipientSeq") {
			writeJSON(a.w, http.StatusOK, simulated(fields{"header": alimTalkResult(nhnOK, "SUCCESS"), "body": fields{"data": d.message(&p)}}))
			return
		}
	}
	writeJSON(a.w, http.StatusOK, simulated(fields{"header": alimTalkResult(nhnOK, "SUCCESS"), "body": fields{"data": nil}}))
}

// message is a text as the API shows it. Until its result is known, it is being
// processed and has no code.
func (d *nhnSMSDesk) message(p *parcel) fields {
	kind := map[string]string{"sms": "SMS", "mms": "LMS"}[p.shape]
	shown := fields{
		"requestId": p.id, "recipientSeq": p.seq, "requestDate": koreanTime(p.taken), "resultDate": nil, "messageType": kind,
		"body": p.body, "sendNo": p.from, "countryCode": "82", "recipientNo": national(p.to),
		"msgStatus": "2", "msgStatusName": "처리 중", "resultCode": nil, "resultCodeName": nil,
		"senderGroupingKey": nil, "recipientGroupingKey": orNull(p.group),
	}
	if p.state == nhnArrived {
		shown["msgStatus"], shown["msgStatusName"], shown["resultCode"], shown["resultCodeName"] = "3", "성공", nhnArrived, "성공"
		shown["resultDate"], shown["updateDate"] = koreanTime(p.changed), koreanTime(p.changed)
	}
	return shown
}

func nhnTime(text string) (time.Time, error) {
	return time.ParseInLocation("2006-01-02 15:04:05", text, korea)
}
