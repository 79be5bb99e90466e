package words_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

// drafts previews what an operator has written on the outage of the story.
func drafts(t *testing.T, text status.Text, eta bool) []words.Draft {
	t.Helper()
	step := story()[0]
	incident := step.incident
	now := step.now.Add(30 * time.Minute)
	if eta {
		incident.Updates = append(slices.Clone(incident.Updates), status.Update{
			ID: "e1", At: step.now, Kind: status.UpdateETA, ETA: &status.ETA{ID: "e1", Speaker: "the operator", By: now.Add(time.Hour), Expires: now.Add(time.Hour)},
		})
	}
	incident.Updates = append(slices.Clone(incident.Updates), status.Update{ID: "draft", At: now, Kind: status.UpdateNote, Text: text})
	c := composer(city())
	c.Classes["citizens"] = []notifier.Class{notifier.ClassAlimTalk, notifier.ClassSMS, notifier.ClassMail}
	return c.Preview(page(city(), incident), []status.Event{{Kind: status.EventNote, Incident: incident.ID, To: status.MajorOutage, Update: "draft", At: now}}, now)
}

func TestPreviewsAreTheTextsThatLeave(t *testing.T) {
	var out strings.Builder
	for _, d := range drafts(t, status.Text{"ko": "사진 전송은 됩니다.", "ja": "写真は送れます。", "en": "Photos work again."}, false) {
		fmt.Fprintf(&out, "= %s by %s\n", d.Audience, d.Plan)
		for _, text := range d.Drafted {
			fmt.Fprintf(&out, "\n- %s %s: %d of %d %s, %d; said %t, wrong %v\n", text.Lang, text.Class, text.Size.Units, text.Size.Limit, text.Size.Unit, text.Size.Segments, text.Said, text.Wrong)
			if text.Text.Title != "" {
				fmt.Fprintln(&out, text.Text.Title)
			}
			fmt.Fprintln(&out, text.Text.Body)
		}
	}
	golden(t, "testdata/preview.txt", out.String())
}

// What keeps an operator's words out of a text is said for each class by
// itself; people are told that there is news.
func TestPreviewsSayWhatIsWrong(t *testing.T) {
	for name, tt := range map[string]struct {
		text  status.Text
		class notifier.Class
		eta   bool
		want  []words.Complaint
	}{
		"too long for one text":      {status.Text{"en": strings.Repeat("Photos work again. ", 9)}, notifier.ClassSMS, false, []words.Complaint{{Kind: words.TooLong, Over: 58, Unit: "septets"}}},
		"and not for a mail":         {status.Text{"en": strings.Repeat("Photos work again. ", 9)}, notifier.ClassMail, false, nil},
		"a character that SMS lacks": {status.Text{"en": "Photos work 😀"}, notifier.ClassSMS, false, []words.Complaint{{Kind: words.NoSuch, Found: "😀", Code: "GSM-7"}}},
		"an address":                 {status.Text{"en": "More: https://operator.example/now"}, notifier.ClassSMS, false, []words.Complaint{{Kind: "address", Found: "https://operator.example/now"}}},
		"sending the reader away":    {status.Text{"en": "See it in the app."}, notifier.ClassSMS, false, []words.Complaint{{Kind: "pointing", Found: "See it in"}}},
		"an end without a basis":     {status.Text{"en": "It should be back by 20:00."}, notifier.ClassSMS, false, []words.Complaint{{Kind: "promise", Found: "should be back"}}},
		"an end that somebody gave":  {status.Text{"en": "It should be back by 20:00."}, notifier.ClassSMS, true, nil},
		"advertising":                {status.Text{"en": "A coupon for everybody."}, notifier.ClassSMS, false, []words.Complaint{{Kind: "ad", Found: "coupon"}}},
		"no words in a language":     {status.Text{"ko": "사진 전송은 됩니다."}, notifier.ClassSMS, false, []words.Complaint{{Kind: words.Missing}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, d := range drafts(t, tt.text, tt.eta) {
				for _, text := range d.Drafted {
					if text.Lang != "en" || text.Class != tt.class {
						continue
					}
					if !slices.Equal(text.Wrong, tt.want) || text.Said != (tt.want == nil) || text.Text.Body == "" {
						t.Errorf("said %t, wrong %v, want %v:\n%s", text.Said, text.Wrong, tt.want, text.Text.Body)
					}
				}
			}
		})
	}
}

// What somebody opens by hand without naming a service is told by its title,
// where that is short and says nothing that a text must not; else as the site's.
func TestATitleInATextOfAPhone(t *testing.T) {
	for _, tt := range []struct{ title, want string }{
		{"교통카드 조회 지연", "교통카드 조회 지연 장애"},
		{"교통카드 조회가 전국 모든 지역에서 지연되고 있습니다", "서비스 상황판 장애"},
		{"card.example 접속 불가", "서비스 상황판 장애"},
		{"", "서비스 상황판 장애"},
	} {
		incident := status.Incident{
			ID: "i7", Code: "7F3K", Cause: "manual:i7", Title: status.Text{"ko": tt.title}, Began: at(15, 15, 30), Impact: status.MajorOutage, Worst: status.MajorOutage,
			Updates: []status.Update{{ID: "u1", At: at(15, 15, 30), Kind: status.UpdateOpened}},
		}
		c := composer(city())
		c.Classes["citizens"] = []notifier.Class{notifier.ClassSMS}
		for _, now := range []time.Time{at(15, 15, 31), at(16, 15, 31)} { // and with the date, which takes more room
			drafts := c.Preview(page(city(), incident), []status.Event{{Kind: status.EventOpened, Incident: "i7", To: status.MajorOutage, Update: "u1", At: now}}, now)
			if text := drafts[0].Drafted[0]; !strings.Contains(text.Text.Body, tt.want) || text.Size.Units > text.Size.Limit {
				t.Errorf("%q at %s: %q, want %q in it", tt.title, now, text.Text.Body, tt.want)
			}
		}
	}
}
