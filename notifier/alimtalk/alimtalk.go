// Package alimtalk hands KakaoTalk notices (AlimTalk) over to NHN Cloud and
// asks what became of them.
//
// A notice is a template, registered and approved beforehand, with parameters.
// NHN's own fallback to SMS stays off: it acts only when Kakao says no, and a
// messenger that has died says nothing. Which way comes next is decided by our
// plans.
package alimtalk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/nhn"
	"bongsu/notifier/wire"
)

// Kind is the gateway's entry in the table of kinds.
func Kind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "nhn",
		Class: notifier.ClassAlimTalk,
		Doc:   "AlimTalk through NHN Cloud's KakaoTalk Bizmessage, API 2.3",
		New: func() notifier.Settings {
			return &Settings{BaseURL: "https://kakaotalk-bizmessage.api.nhncloudservice.com"}
		},
	}
}

// Settings is an app of NHN Cloud and a sender profile in it.
type Settings struct {
	AppKey    notifier.Secret   `yaml:"app_key" must:"required" doc:"the app's key"`
	Secret    notifier.Secret   `yaml:"secret" must:"required" doc:"the app's secret key"`
	SenderKey notifier.Secret   `yaml:"sender_key" must:"required" doc:"the key of the sender profile, 40 characters"`
	Templates map[string]string `yaml:"templates" doc:"our name of a template: the code it is registered under, at most 20 characters; one that is not listed is registered under our name"`
	BaseURL   string            `yaml:"base_url" doc:"where the API is; for a stand-in"`
}

// longestCode is NHN's limit for a template's code.
const longestCode = 20

// Problems says what is wrong with the settings.
func (s *Settings) Problems() []notifier.Problem {
	var found []notifier.Problem
	for _, key := range []struct {
		path   string
		secret notifier.Secret
	}{{"app_key", s.AppKey}, {"secret", s.Secret}, {"sender_key", s.SenderKey}} {
		if !nhn.IsKey(key.secret.Reveal()) {
			found = append(found, notifier.Problem{Path: key.path, Text: "is missing or no key; write env:NAME or file:PATH"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Templates)) {
		if code := s.Templates[name]; code == "" || len(code) > longestCode {
			found = append(found, notifier.Problem{Path: "templates." + name, Text: "is no template code; write 1 to 20 characters"})
		}
	}
	if _, err := wire.ParseBase(s.BaseURL); err != nil {
		found = append(found, notifier.Problem{Path: "base_url", Text: err.Error()})
	}
	return found
}

// Open makes the gateway.
func (s *Settings) Open(o notifier.Outside) (notifier.Gateway, error) {
	api, err := nhn.NewAPI(s.BaseURL, s.Secret, o)
	if err != nil {
		return nil, err
	}
	return &Gateway{settings: *s, api: api}, nil
}

// Gateway is NHN Cloud. Beyond handing over it can be asked for a result,
// since it calls nobody back.
type Gateway struct {
	settings Settings
	api      *nhn.API
}

// DedupesFor says that a delivery's key is taken once in ten minutes: a second
// hand-over within them is refused as a repeat, which [Gateway.Send] reports as
// taken. After them it would go out twice.
func (g *Gateway) DedupesFor() time.Duration { return 10 * time.Minute }

type order struct {
	SenderKey     string      `json:"senderKey"`
	TemplateCode  string      `json:"templateCode"`
	RecipientList []recipient `json:"recipientList"`
}

type recipient struct {
	Number     string            `json:"recipientNo"`
	Parameters map[string]string `json:"templateParameter,omitempty"`
	Resend     resend            `json:"resendParameter"`
	Key        string            `json:"recipientGroupingKey"` // finds a message again whose answer was lost
}

type resend struct {
	On bool `json:"isResend"`
}

type reply struct {
	Header  nhn.Header `json:"header"`
	Message struct {
		RequestID string `json:"requestId"`
		Results   []struct {
			Seq     int    `json:"recipientSeq"`
			Code    int    `json:"resultCode"`
			Message string `json:"resultMessage"`
		} `json:"sendResults"`
	} `json:"message"`
}

// Send hands one notice over. The reference is the request's id and the
// recipient's number in it, "ID/1"; it is empty if an earlier hand-over had
// been taken and its answer was lost.
func (g *Gateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	body, err := json.Marshal(g.order(m))
	if err != nil {
		return "", fmt.Errorf("writing the order: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.path("messages"), bytes.NewReader(body))
	if err != nil {
		return "", errors.New("the app key makes no address")
	}
	r.Header.Set("X-NC-API-IDEMPOTENCY-KEY", m.Delivery)
	x := &wire.Exchange{}
	var answer reply
	if err := g.api.Ask(r, x, &answer); err != nil {
		return "", x.Fault(err, g.secrets(m)...)
	}
	return g.taken(x, &answer, m)
}

func (g *Gateway) order(m notifier.Message) order {
	digits, _ := nhn.Domestic(m.To)
	return order{
		SenderKey:    g.settings.SenderKey.Reveal(),
		TemplateCode: g.code(m.Template),
		RecipientList: []recipient{{
			Number: digits, Parameters: m.Params, Key: m.Delivery,
		}},
	}
}

func (g *Gateway) code(template string) string {
	if code, ok := g.settings.Templates[template]; ok {
		return code
	}
	return template
}

func (g *Gateway) path(parts ...string) string {
	u := &url.URL{Path: "/alimtalk/v2.3/appkeys/" + g.settings.AppKey.Reveal()}
	return u.JoinPath(parts...).String()
}

func (g *Gateway) secrets(m notifier.Message) []string {
	s := g.settings
	digits, _ := nhn.Domestic(m.To)
	return []string{s.Secret.Reveal(), s.AppKey.Reveal(), s.SenderKey.Reveal(), m.To, digits, m.Body}
}

// taken reads the answer to a hand-over: its header, then the recipient's own
// line in it.
func (g *Gateway) taken(x *wire.Exchange, answer *reply, m notifier.Message) (string, error) {
	if repeated(answer.Header.Code) {
		return "", nil // what came first with this key was taken
	}
	if answer.Header.Code != 0 {
		return "", classify(x, answer.Header.Code, answer.Header.Text, false, g.secrets(m))
	}
	results := answer.Message.Results
	if !answer.Header.OK || x.Status >= 300 || len(results) != 1 || answer.Message.RequestID == "" {
		return "", x.Fault(nil)
	}
	if results[0].Code != 0 {
		return "", classify(x, results[0].Code, results[0].Message, true, g.secrets(m))
	}
	return answer.Message.RequestID + "/" + strconv.Itoa(results[0].Seq), nil
}
