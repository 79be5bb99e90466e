package nhn

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// found is a text as look-ups show it.
type found struct {
	RequestID string `json:"requestId"`
	Seq       int    `json:"recipientSeq"`
	Key       string `json:"recipientGroupingKey"`
	Kind      string `json:"messageType"` // SMS, LMS or MMS
	State     string `json:"msgStatus"`   // not in the list of results
	Code      string `json:"resultCode"`
	CodeName  string `json:"resultCodeName"`
}

func (f *found) rank() notifier.Rank { return rank(f.State, f.Code) }

func (f *found) receipt(ref string, at time.Time) notifier.Receipt {
	return notifier.Receipt{
		Delivery: f.Key, Ref: ref, Rank: f.rank(), Code: f.Code, Text: wire.Scrub(f.CodeName),
		Suppress: f.Code == codeNobody || f.Code == codeNoSuch, At: at,
	}
}

type list struct {
	Header Header `json:"header"`
	Body   struct {
		Total int     `json:"totalCount"`
		Data  []found `json:"data"`
	} `json:"body"`
}

// Result asks what became of the text with the reference that Send returned.
func (g *Gateway) Result(ctx context.Context, ref string, at time.Time) (notifier.Receipt, error) {
	kind, rest, _ := strings.Cut(ref, "/")
	request, seq, ok := strings.Cut(rest, "/")
	if _, err := strconv.Atoi(seq); !ok || err != nil || request == "" || kind != short && kind != long {
		return notifier.Receipt{}, errors.New("the reference is not of the form sms/ID/1")
	}
	var answer struct {
		Header Header `json:"header"`
		Body   struct {
			Data *found `json:"data"`
		} `json:"body"`
	}
	path := g.path("sender", kind, request) + "?" + url.Values{"recipientSeq": {seq}}.Encode()
	if err := g.api.Get(ctx, path, 0, &answer, &answer.Header, g.secrets(notifier.Message{})...); err != nil {
		return notifier.Receipt{}, err
	}
	if answer.Body.Data == nil {
		return notifier.Receipt{}, errors.New("the gateway knows no text with this reference")
	}
	return answer.Body.Data.receipt(ref, at), nil
}

// span is the longest time that results are asked about at once.
const span = 24 * time.Hour

// Results hands over what became known between two instants of any text of the
// app's.
func (g *Gateway) Results(ctx context.Context, from, until time.Time, each func(notifier.Receipt)) error {
	if from.Before(until.Add(-span)) {
		from = until.Add(-span)
	}
	query := url.Values{
		"startUpdateDate": {from.In(Seoul).Format(seconds)},
		"endUpdateDate":   {until.In(Seoul).Format(seconds)},
		"pageSize":        {strconv.Itoa(PageSize)},
	}
	return Pages(func(page int) (int, error) {
		query.Set("pageNum", strconv.Itoa(page))
		var answer list
		err := g.api.Get(ctx, g.path("message-results")+"?"+query.Encode(), PageLimit, &answer, &answer.Header, g.secrets(notifier.Message{})...)
		for _, f := range answer.Body.Data {
			kind := long
			if f.Kind == "SMS" {
				kind = short
			}
			each(f.receipt(reference(kind, f.RequestID, f.Seq), until))
		}
		return len(answer.Body.Data), err
	})
}
