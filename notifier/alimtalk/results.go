package alimtalk

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/nhn"
	"bongsu/notifier/wire"
)

type found struct {
	RequestID string `json:"requestId"`
	Seq       int    `json:"recipientSeq"`
	Key       string `json:"recipientGroupingKey"`
	Status    string `json:"messageStatus"`
	Code      string `json:"resultCode"`
	CodeName  string `json:"resultCodeName"`
}

// rank is what a message's status says; a word we do not know, or none yet,
// says no more than that it was taken.
func (f *found) rank() notifier.Rank {
	switch f.Status {
	case "COMPLETED":
		return notifier.Delivered
	case "FAILED", "CANCEL":
		return notifier.FailedRank
	}
	return notifier.Accepted
}

func (f *found) receipt(ref string, at time.Time) notifier.Receipt {
	return notifier.Receipt{Delivery: f.Key, Ref: ref, Rank: f.rank(), Code: f.Code, Text: wire.Scrub(f.CodeName), At: at}
}

// Result asks what became of the message with the reference that Send
// returned. The receipt has no delivery key if NHN does not tell it.
func (g *Gateway) Result(ctx context.Context, ref string, at time.Time) (notifier.Receipt, error) {
	request, seq, ok := strings.Cut(ref, "/")
	if _, err := strconv.Atoi(seq); !ok || err != nil || request == "" {
		return notifier.Receipt{}, errors.New("the reference is not of the form ID/1")
	}
	var answer struct {
		Header  nhn.Header `json:"header"`
		Message found      `json:"message"`
	}
	if err := g.api.Get(ctx, g.path("messages", request, seq), 0, &answer, &answer.Header, g.secrets(notifier.Message{})...); err != nil {
		return notifier.Receipt{}, err
	}
	return answer.Message.receipt(ref, at), nil
}

// minutes is how the API writes times in its questions.
const minutes = "2006-01-02 15:04"

// Find asks whether a notice whose hand-over has no known end was taken, by
// the delivery's key.
func (g *Gateway) Find(ctx context.Context, m notifier.Message, since time.Time) (bool, string, notifier.Rank, error) {
	query := url.Values{
		"recipientGroupingKey": {m.Delivery},
		"startRequestDate":     {since.In(nhn.Seoul).Add(-time.Minute).Format(minutes)},
		"endRequestDate":       {since.In(nhn.Seoul).AddDate(0, 0, 1).Format(minutes)},
	}
	var answer struct {
		Header nhn.Header `json:"header"`
		Search struct {
			Messages []found `json:"messages"`
		} `json:"messageSearchResultResponse"`
	}
	if err := g.api.Get(ctx, g.path("messages")+"?"+query.Encode(), 0, &answer, &answer.Header, g.secrets(m)...); err != nil {
		return false, "", notifier.Planned, err
	}
	for _, f := range answer.Search.Messages {
		if f.Key == m.Delivery && f.RequestID != "" {
			return true, f.RequestID + "/" + strconv.Itoa(f.Seq), f.rank(), nil
		}
	}
	return false, "", notifier.Planned, nil
}

// Results hands over what became known between two instants of any notice of
// the app's. The receipts have no delivery key: NHN does not tell it there.
func (g *Gateway) Results(ctx context.Context, from, until time.Time, each func(notifier.Receipt)) error {
	query := url.Values{
		"startUpdateDate": {from.In(nhn.Seoul).Format(minutes)},
		"endUpdateDate":   {until.In(nhn.Seoul).Format(minutes)},
		"pageSize":        {strconv.Itoa(nhn.PageSize)},
	}
	return nhn.Pages(func(page int) (int, error) {
		query.Set("pageNum", strconv.Itoa(page))
		var answer struct {
			Header   nhn.Header `json:"header"`
			Messages []found    `json:"messages"`
		}
		err := g.api.Get(ctx, g.path("message-results")+"?"+query.Encode(), nhn.PageLimit, &answer, &answer.Header, g.secrets(notifier.Message{})...)
		for _, f := range answer.Messages {
			each(f.receipt(f.RequestID+"/"+strconv.Itoa(f.Seq), until))
		}
		return len(answer.Messages), err
	})
}
