package main

import (
	"io"
	"net/http"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// ordinaryEvent is the event of a text that tells of no incident.
const ordinaryEvent = "notice"

// ordinaryNotice is an everyday text to everybody on a plan.
func ordinaryNotice(id, update, plan string, languages []string, text status.Text, now time.Time) notifier.Notice {
	n := notifier.Notice{
		ID: id, Event: ordinaryEvent, Update: update, Audience: "subscribers", Plan: plan,
		From: status.Unknown, To: status.MajorOutage, Priority: 100, Made: now,
	}
	for _, lang := range languages {
		body := text.In(lang, "en")
		n.Texts = append(n.Texts,
			notifier.Text{Lang: lang, Class: notifier.ClassSMS, Body: body, Segments: 1},
			notifier.Text{Lang: lang, Class: notifier.ClassAlimTalk, Body: body, Template: ordinaryTemplate(lang), Params: map[string]string{"text": body}, Segments: 1})
	}
	return n
}

// longestPage is more than any page has.
const longestPage = 8 << 20

func answerInto(w io.Writer, answer *http.Response) (int64, error) {
	defer answer.Body.Close()
	return io.Copy(w, io.LimitReader(answer.Body, longestPage))
}
