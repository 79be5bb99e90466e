package nhn

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// Kind is the gateway's entry in the table of kinds.
func Kind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "nhn-sms",
		Class: notifier.ClassSMS,
		Doc:   "SMS and LMS through NHN Cloud SMS, API 3.0",
		New:   func() notifier.Settings { return &Settings{BaseURL: "https://sms.api.nhncloudservice.com"} },
	}
}

// Settings is an app of NHN Cloud SMS and a sender number in it.
type Settings struct {
	AppKey  notifier.Secret `yaml:"app_key" must:"required" doc:"the app's key"`
	Secret  notifier.Secret `yaml:"secret" must:"required" doc:"the app's secret key"`
	From    string          `yaml:"from" must:"required" doc:"the sender number, registered with NHN Cloud, digits only"`
	Webhook notifier.Secret `yaml:"webhook" doc:"the signature of the webhook that reports results to /hooks/nhn-sms/report; without it NHN Cloud is asked for them"`
	BaseURL string          `yaml:"base_url" doc:"where the API is; for a stand-in"`
}

// longestSender is NHN Cloud's limit for a sender number.
const longestSender = 13

// Problems says what is wrong with the settings.
func (s *Settings) Problems() []notifier.Problem {
	var found []notifier.Problem
	complain := func(path, text string) { found = append(found, notifier.Problem{Path: path, Text: text}) }
	if !IsKey(s.AppKey.Reveal()) {
		complain("app_key", "is missing or no key; write env:NAME or file:PATH")
	}
	if !IsKey(s.Secret.Reveal()) {
		complain("secret", "is missing or no key; write env:NAME or file:PATH")
	}
	if s.From == "" || len(s.From) > longestSender || strings.Trim(s.From, "0123456789") != "" {
		complain("from", "is no sender number; write 1 to 13 digits, such as 15880000")
	}
	if _, err := wire.ParseBase(s.BaseURL); err != nil {
		complain("base_url", err.Error())
	}
	return found
}

// Open makes the gateway.
func (s *Settings) Open(o notifier.Outside) (notifier.Gateway, error) {
	api, err := NewAPI(s.BaseURL, s.Secret, o)
	if err != nil {
		return nil, err
	}
	return &Gateway{settings: *s, api: api}, nil
}

// Gateway is NHN Cloud SMS. It has no key that makes sending again safe, so a
// hand-over without an answer is looked up by the delivery's key, which goes
// out as the recipient's grouping key. It is asked for results: one by one, or
// for all that became known in a time.
type Gateway struct {
	settings Settings
	api      *API
}

// The two kinds of text, as paths and references name them.
const (
	short = "sms"
	long  = "mms" // without an attachment that is an LMS
)

func kindOf(m notifier.Message) string {
	if m.Class == notifier.ClassLMS {
		return long
	}
	return short
}

type order struct {
	Title      string      `json:"title,omitempty"`
	Body       string      `json:"body"`
	From       string      `json:"sendNo"`
	Recipients []recipient `json:"recipientList"`
}

type recipient struct {
	Number string `json:"recipientNo,omitempty"`
	Abroad string `json:"internationalRecipientNo,omitempty"` // with its country's digits
	Key    string `json:"recipientGroupingKey"`
}

type reply struct {
	Header Header `json:"header"`
	Body   struct {
		Data struct {
			RequestID string `json:"requestId"`
			Results   []struct {
				Seq  int    `json:"recipientSeq"`
				Code int    `json:"resultCode"`
				Text string `json:"resultMessage"`
			} `json:"sendResultList"`
		} `json:"data"`
	} `json:"body"`
}

// Send hands one text over. The reference is the kind of text, the request's
// id and the recipient's number in it: "sms/ID/1".
func (g *Gateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	body, err := json.Marshal(g.order(m))
	if err != nil {
		return "", fmt.Errorf("writing the order: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.path("sender", kindOf(m)), bytes.NewReader(body))
	if err != nil {
		return "", errors.New("the app key makes no address")
	}
	x := &wire.Exchange{}
	var answer reply
	if err := g.api.Ask(r, x, &answer); err != nil {
		return "", x.Fault(err, g.secrets(m)...)
	}
	return g.taken(x, &answer, m)
}

func (g *Gateway) order(m notifier.Message) order {
	to := recipient{Key: m.Delivery}
	if digits, korean := Domestic(m.To); korean {
		to.Number = digits
	} else {
		to.Abroad = digits
	}
	o := order{Body: m.Body, From: g.settings.From, Recipients: []recipient{to}}
	if kindOf(m) == long {
		o.Title = cmp.Or(m.Title, firstWords(m.Body)) // one without a title is refused
	}
	return o
}

// longestTitle is in characters: 40 bytes, and in EUC-KR none has more than
// two.
const longestTitle = 20

func firstWords(body string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(body), "\n")
	if r := []rune(line); len(r) > longestTitle {
		return string(r[:longestTitle])
	}
	return line
}

// taken reads the answer to a hand-over: its header, then the recipient's own
// line in it.
func (g *Gateway) taken(x *wire.Exchange, answer *reply, m notifier.Message) (string, error) {
	if head := answer.Header; head.Code != 0 {
		return "", classify(x, head.Code, head.Text, false, g.secrets(m))
	}
	data := answer.Body.Data
	if !answer.Header.OK || x.Status >= 300 || len(data.Results) != 1 || data.RequestID == "" {
		return "", x.Fault(nil)
	}
	if only := data.Results[0]; only.Code != 0 {
		return "", classify(x, only.Code, only.Text, true, g.secrets(m))
	}
	return reference(kindOf(m), data.RequestID, data.Results[0].Seq), nil
}

func reference(kind, request string, seq int) string {
	return kind + "/" + request + "/" + strconv.Itoa(seq)
}

func (g *Gateway) path(parts ...string) string {
	u := &url.URL{Path: "/sms/v3.0/appKeys/" + g.settings.AppKey.Reveal()}
	return u.JoinPath(parts...).String()
}

func (g *Gateway) secrets(m notifier.Message) []string {
	s := g.settings
	digits, _ := Domestic(m.To)
	return []string{s.Secret.Reveal(), s.AppKey.Reveal(), s.Webhook.Reveal(), m.To, digits, m.Title, m.Body}
}

// seconds is how the API writes times in its questions.
const seconds = "2006-01-02 15:04:05"

// Find asks whether a text whose hand-over has no known end was taken, by the
// delivery's key.
func (g *Gateway) Find(ctx context.Context, m notifier.Message, since time.Time) (bool, string, notifier.Rank, error) {
	query := url.Values{
		"recipientGroupingKey": {m.Delivery},
		"startCreateDate":      {since.In(Seoul).Add(-time.Minute).Format(seconds)}, // a minute for clocks that differ
		"endCreateDate":        {since.In(Seoul).AddDate(0, 0, 1).Format(seconds)},
	}
	var answer list
	if err := g.api.Get(ctx, g.path("sender", kindOf(m))+"?"+query.Encode(), 0, &answer, &answer.Header, g.secrets(m)...); err != nil {
		return false, "", notifier.Planned, err
	}
	for _, f := range answer.Body.Data {
		if f.Key == m.Delivery && f.RequestID != "" {
			return true, reference(kindOf(m), f.RequestID, f.Seq), f.rank(), nil
		}
	}
	return false, "", notifier.Planned, nil
}
