package drill

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // how the API that is imitated shows a webhook's secret
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// solapiDesk is an SMS gateway in the shape of Solapi's API 4. It has no key
// that makes sending again safe, but takes each signature only once.
//
//	POST /messages/v4/send-many/detail
//	GET  /messages/v4/list?messageId=|groupId=|to=&startDate=&endDate=&dateType=
type solapiDesk struct {
	city  *City
	dice  *dice
	shelf *shelf
	salts *memory
}

// What the gateway's API says of itself.
const (
	solapiSkew    = 15 * time.Minute // the furthest that a date may be from its clock
	solapiTaken   = "2000"
	solapiSent    = "3000"
	solapiArrived = "4000"
)

func newSolapiDesk(c *City) *solapiDesk {
	return &solapiDesk{
		city: c, dice: newDice(c.settings.Seed, "solapi"),
		shelf: newShelf(c.settings.Keep), salts: newMemory(c.settings.Keep, solapiSkew),
	}
}

// solapiText is the part of a message that means something here.
type solapiText struct {
	To      string            `json:"to"`
	From    string            `json:"from"`
	Text    string            `json:"text"`
	Type    string            `json:"type"`
	Subject string            `json:"subject"`
	Fields  map[string]string `json:"customFields"`
}

type solapiRequest struct {
	Messages []solapiText `json:"messages"`
	ShowList bool         `json:"showMessageList"`
}

func (d *solapiDesk) read(a *ask) note {
	var request solapiRequest
	if a.r.Method != http.MethodPost || readJSON(a.body, &request) != nil {
		return note{to: phone(a.r.URL.Query().Get("to"))}
	}
	a.send = request
	if len(request.Messages) != 1 { // many are told apart by their arrivals
		return note{}
	}
	only := request.Messages[0]
	return note{to: phone(only.To), body: only.Text, key: only.Fields["delivery"]}
}

func (d *solapiDesk) answer(a *ask) {
	if code := d.unsigned(a.r.Header.Get("Authorization")); code != "" {
		writeJSON(a.w, http.StatusForbidden, solapiError(code))
		return
	}
	switch a.r.Method + " " + a.r.URL.Path {
	case "POST /messages/v4/send-many/detail":
		d.take(a)
	case "GET /messages/v4/list":
		d.list(a)
	default:
		writeJSON(a.w, http.StatusNotFound, solapiError("ResourceNotFound"))
	}
}

func (d *solapiDesk) complain(mode Mode) complaint {
	switch mode {
	case Credential:
		return complaint{http.StatusUnauthorized, 0, solapiError("InvalidAPIKey")}
	case Throttled:
		return complaint{http.StatusTooManyRequests, 1, solapiError("TooManyRequests")}
	case Quota:
		return complaint{http.StatusTooManyRequests, retryAfter, solapiError("QuotaExceeded")}
	default:
		return complaint{http.StatusServiceUnavailable, 0, solapiError("ServiceUnavailable")}
	}
}

var solapiAuth = regexp.MustCompile(`^HMAC-SHA256 apiKey=([^,]+), date=([^,]+), salt=([^,]{12,64}), signature=([0-9a-f]{64})$`)

// unsigned says what is wrong with an Authorization header, or nothing.
func (d *solapiDesk) unsigned(header string) (code string) {
	part := solapiAuth.FindStringSubmatch(header)
	if part == nil || !same(part[1], d.city.keys.SolapiKey) {
		return "InvalidAPIKey"
	}
	now := d.city.now()
	date, err := time.Parse(time.RFC3339, part[2])
	if err != nil || date.Sub(now).Abs() > solapiSkew {
		return "RequestTimeTooSkewed"
	}
	mac := hmac.New(sha256.New, []byte(d.city.keys.SolapiSecret))
	mac.Write([]byte(part[2] + part[3]))
	switch {
	case !same(part[4], hex.EncodeToString(mac.Sum(nil))):
		return "SignatureDoesNotMatch"
	case !d.salts.add(part[4], now):
		return "DuplicatedSignature"
	}
	return ""
}

// take takes the texts of a request, each by itself.
func (d *solapiDesk) take(a *ask) {
	request, ok := a.send.(solapiRequest)
	if !ok || len(request.Messages) == 0 {
		writeJSON(a.w, http.StatusBadRequest, solapiError("ValidationError"))
		return
	}
	group := d.dice.id("G4V")
	a.ref = group
	failed, taken := []fields{}, []fields{}
	for _, text := range request.Messages {
		id := d.dice.id("M4V")
		line := fields{"messageId": id, "to": text.To, "from": text.From, "type": text.Type, "customFields": text.Fields}
		if code, why := d.problem(&text); code != "" {
			line["statusCode"], line["statusMessage"] = code, why
			failed = append(failed, line)
			continue
		}
		line["statusCode"], line["statusMessage"] = solapiTaken, "정상 접수(이통사로 접수 예정)"
		taken = append(taken, line)
		now := d.city.now()
		p := &parcel{
			id: id, to: phone(text.To), from: text.From, body: text.Text, key: text.Fields["delivery"],
			group: group, shape: text.Type, taken: now, state: solapiTaken, changed: now,
		}
		d.shelf.put(p)
		if len(request.Messages) == 1 {
			a.ref = id
		}
		d.dispatch(p, a.mode)
	}
	d.city.pause(a.r.Context(), d.dice.between(d.city.settings.Latency))
	answer := simulated(fields{
		"failedMessageList": failed,
		"groupInfo": fields{"groupId": group, "status": "SENDING", "count": fields{
			"total": len(request.Messages), "registeredFailed": len(failed), "registeredSuccess": len(taken),
		}},
	})
	if request.ShowList {
		answer["messageList"] = taken
	}
	writeJSON(a.w, http.StatusOK, answer)
}

func (d *solapiDesk) problem(text *solapiText) (code, why string) {
	to := phone(text.To)
	switch {
	case text.From != d.city.keys.SolapiFrom:
		return "1062", "발신번호 미등록"
	case text.Text == "":
		return "1010", "필수 입력 값 미입력"
	case text.Type != "SMS" && text.Type != "LMS":
		return "1025", "잘못된 메시지 타입"
	case text.Type == "SMS" && text.Subject != "":
		return "1013", "제목은 문자 타입이 'SMS'일 경우 사용이 불가능합니다."
	case len(text.Fields["delivery"]) > 100:
		return "1032", "유효한 커스텀 필드 값이 아닙니다."
	case to == "" || landline(to):
		return "1058", "전송경로 없음"
	case d.city.twilio.stopped.has(to, d.city.now()):
		return "1061", "사용자에 의해 수신거부 됨(080무료수신거부)"
	}
	return "", ""
}

// dispatch sends a text on its way, and its reports to the webhook if there is
// one.
func (d *solapiDesk) dispatch(p *parcel, mode Mode) {
	travel := d.dice.between(d.city.settings.Travel)
	d.city.carry(Solapi, d.shelf, p, travel, mode, solapiArrived)
	if mode == Lose {
		return
	}
	d.city.bring(travel/2, func() { d.shelf.rise(p, solapiTaken, solapiSent, d.city.now()) })
	d.city.report(Solapi, p, travel, mode, func(state string) (string, http.Header) {
		code := map[string]string{twilioSent: solapiSent, twilioDelivered: solapiArrived}[state]
		sum := sha1.Sum([]byte(d.city.keys.SolapiHook)) //nolint:gosec // see above
		return inJSON([]fields{{
			"messageId": p.id, "groupId": p.group, "type": p.shape, "statusCode": code, "statusMessage": "",
			"dateProcessed": d.city.now().UTC().Format(time.RFC3339), "customFields": fields{"delivery": p.key},
		}}), http.Header{"X-Solapi-Event-Name": {"SINGLE-REPORT"}, "X-Solapi-Secret": {hex.EncodeToString(sum[:])}}
	})
}

// list answers a look-up, newest first. Shuffled, it is in another order and has
// no row twice, since its rows are named.
func (d *solapiDesk) list(a *ask) {
	query := a.r.URL.Query()
	from, errFrom := time.Parse(time.RFC3339, cmp.Or(query.Get("startDate"), "2000-01-01T00:00:00Z"))
	until, errUntil := time.Parse(time.RFC3339, cmp.Or(query.Get("endDate"), "2999-01-01T00:00:00Z"))
	if errFrom != nil || errUntil != nil {
		writeJSON(a.w, http.StatusBadRequest, solapiError("ValidationError"))
		return
	}
	id, group := query.Get("messageId"), query.Get("groupId")
	found := d.shelf.find(phone(query.Get("to")), func(p *parcel) bool {
		at := p.taken
		if query.Get("dateType") == "UPDATED" {
			at = p.changed
		}
		return (id == "" || id == p.id) && (group == "" || group == p.group) && !at.Before(from.Truncate(time.Second)) && !at.After(until)
	})
	slices.Reverse(found)
	size := whole(query.Get("limit"), 20, 1, 500)
	first := max(0, slices.IndexFunc(found, func(p parcel) bool { return p.id == query.Get("startKey") }))
	last := min(first+size, len(found))
	rows := fields{}
	for _, p := range found[first:last] {
		rows[p.id] = fields{
			"messageId": p.id, "groupId": p.group, "to": national(p.to), "from": p.from, "text": p.body, "type": p.shape,
			"statusCode": p.state, "reason": nil, "customFields": fields{"delivery": p.key},
			"dateCreated": p.taken.UTC().Format(time.RFC3339Nano), "dateUpdated": p.changed.UTC().Format(time.RFC3339Nano),
		}
	}
	answer := simulated(fields{"limit": size, "startKey": orNull(query.Get("startKey")), "nextKey": nil, "messageList": rows})
	if last < len(found) {
		answer["nextKey"] = found[last].id
	}
	writeJSON(a.w, http.StatusOK, answer)
}

func solapiError(code string) fields {
	return simulated(fields{"errorCode": code, "errorMessage": strings.ToLower(code)})
}
