package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"bongsu/drill"
)

// one is an order for one recipient.
func one(ref string, i int) string {
	return fmt.Sprintf(`{"template": "moved", "params": {"when": "10/15 14:00"}, "plan": "by-sms", "recipients": [{"ref": %q, "lang": "en", "to": {"sms": %q}}]}`, ref, officeNumber(i))
}

// The API that apps send by, from the first template to the erasure of the last
// recipient. Every answer is held against the API's own document.
func TestAppAPI(t *testing.T) {
	o := openOffice(t, filepath.Join(t.TempDir(), "bongsu.db"), map[string]any{"Daily": 12})
	t.Run("templates are proposed, refused, changed and approved", o.templates)
	t.Run("a dry run changes nothing", o.dryRun)
	t.Run("an order is carried out once", o.idempotency)
	t.Run("what cannot be taken is refused, and changes nothing", o.refusals)
	t.Run("uploads say what became of each line", o.uploads)
	t.Run("notices are listed, read and cancelled", o.notices)
	t.Run("people are forgotten", o.erasure)
	t.Run("a day has its recipients", o.daily)
}

func (o *office) templates(t *testing.T) {
	o.T = t
	order := one("u1", 1)
	o.want(http.StatusUnprocessableEntity, "POST", "/api/v1/notices", "safety-report", order, nil)
	var proposed struct {
		Version int
		State   string
	}
	o.want(http.StatusOK, "PUT", "/api/v1/templates/moved", "safety-report", movedTemplate, &proposed)
	if proposed.State != "proposed" || proposed.Version != 1 {
		t.Errorf("proposed: %+v", proposed)
	}
	o.want(http.StatusUnprocessableEntity, "POST", "/api/v1/notices", "safety-report", order, nil) // nobody has approved it
	o.want(http.StatusForbidden, "POST", "/api/v1/templates/moved/decision", "safety-report", `{"version": 1, "approve": true}`, nil)
	o.bongsu("templates", "refuse", "-c", o.config, "safety-report", "moved", "--reason", "say which office", "--by", "chief")
	if list := o.bongsu("templates", "list", "-c", o.config); !strings.Contains(list, "refused") || !strings.Contains(list, "chief") {
		t.Errorf("the list says %s", list)
	}
	o.want(http.StatusOK, "PUT", "/api/v1/templates/moved", "safety-report", movedTemplate, &proposed)
	if proposed.Version != 2 {
		t.Errorf("proposed again: %+v", proposed)
	}
	o.want(http.StatusUnprocessableEntity, "POST", "/api/v1/templates/moved/decision?app=safety-report", "admin", `{"version": 2, "approve": false}`, nil)
	var all struct {
		Templates []struct {
			Version   int
			State     string
			DecidedBy string `json:"decided_by"`
			Reason    string
		}
	}
	o.want(http.StatusOK, "POST", "/api/v1/templates/moved/decision?app=safety-report", "admin", `{"version": 2, "approve": true}`, &all)
	if len(all.Templates) != 2 || all.Templates[0].State != "approved" || all.Templates[0].DecidedBy != "chief" || all.Templates[1].Reason != "say which office" {
		t.Errorf("after the decision: %+v", all)
	}
	o.want(http.StatusConflict, "POST", "/api/v1/templates/moved/decision?app=safety-report", "admin", `{"version": 2, "approve": true}`, nil)
	o.want(http.StatusNotFound, "POST", "/api/v1/templates/moved/decision?app=safety-report", "admin", `{"version": 9, "approve": true}`, nil)
	if shown := o.bongsu("templates", "show", "-c", o.config, "safety-report", "moved"); !strings.Contains(shown, "예약이 #{when}로 바뀜") || !strings.Contains(shown, "number, at most 11") {
		t.Errorf("shown: %s", shown)
	}
	o.want(http.StatusUnprocessableEntity, "PUT", "/api/v1/templates/ad", "safety-report", `{"texts": {"ko": {"sms": {"body": "report.example 에서 확인하세요"}}}}`, nil)
	o.want(http.StatusNotFound, "GET", "/api/v1/templates/moved", "clinic", "", nil)
}

func (o *office) dryRun(t *testing.T) {
	o.T = t
	var p placed
	o.want(http.StatusOK, "POST", "/api/v1/notices?dry_run=true", "safety-report", one("u1", 1), &p, "Idempotency-Key", "dry")
	if p.ID != "" || p.Quote.People != 1 || p.Quote.Ways[0].Channel != "sms" || p.Quote.Cost[0].Amount != "9" || len(p.Texts) == 0 {
		t.Errorf("the dry run says %+v", p)
	}
	var list struct{ Notices []viewed }
	o.want(http.StatusOK, "GET", "/api/v1/notices", "safety-report", "", &list)
	if len(list.Notices) != 0 {
		t.Errorf("a dry run made %+v", list)
	}
}

func (o *office) idempotency(t *testing.T) {
	o.T = t
	ids, codes := make([]placed, 8), make([]int, 8)
	var asks sync.WaitGroup
	for i := range ids {
		asks.Go(func() { // who sends the same at the same time waits, or gets the same answer
			code, _, answer := o.askFor("POST", "/api/v1/notices", "safety-report", one("u1", 1), "Idempotency-Key", "once")
			codes[i] = code
			if code == http.StatusAccepted {
				o.read(answer, &ids[i])
			}
		})
	}
	asks.Wait()
	var p placed
	o.want(http.StatusAccepted, "POST", "/api/v1/notices", "safety-report", one("u1", 1), &p, "Idempotency-Key", "once")
	for i, code := range codes {
		if (code == http.StatusAccepted && ids[i].ID != p.ID) || (code != http.StatusAccepted && code != http.StatusConflict) {
			t.Errorf("request %d was answered %d with %q, another with %q", i, code, ids[i].ID, p.ID)
		}
	}
	o.want(http.StatusUnprocessableEntity, "POST", "/api/v1/notices", "safety-report", one("u2", 2), nil, "Idempotency-Key", "once")
	o.await("safety-report", p.ID, "ended")
	eventually(t, slowly, "it arrives", func() bool {
		return o.city.Log().Count(drill.Query{Kind: drill.Arrival, To: officeNumber(1)}) > 0 && o.city.Travelling() == 0
	})
	if n := o.city.Log().Count(drill.Query{Kind: drill.Arrival, To: officeNumber(1)}); n != 1 {
		t.Errorf("the one recipient has %d texts", n)
	}
	r := o.results(p.ID)["u1"]
	if r["channel"] != "sms" || (r["outcome"] != "delivered" && r["outcome"] != "handed") {
		t.Errorf("the result is %v", r)
	}
}

func (o *office) refusals(t *testing.T) {
	o.T = t
	recipients := `"recipients": [{"ref": "u3", "to": {"sms": "` + officeNumber(3) + `"}}]`
	moved := `"template": "moved", "params": {"when": "1"}, "plan": "by-sms", `
	for _, c := range []struct {
		name, who, body string
		code            int
		says            string
	}{
		{"nobody", "", one("u3", 3), 401, "Send a token"},
		{"an operator", "operator", one("u3", 3), 403, "role app"},
		{"no JSON", "safety-report", `{`, 400, "cannot be read"},
		{"a key that is not known", "safety-report", `{"text": "hello", ` + moved + recipients + `}`, 400, "not known"},
		{"a key within that is not known", "safety-report", `{` + moved + `"recipients": [{"ref": "u3", "phone": "010"}]}`, 400, "unknown field"},
		{"a key twice", "safety-report", `{"plan": "people", ` + moved + recipients + `}`, 400, "twice"},
		{"nested too deeply", "safety-report", `{"params": ` + strings.Repeat(`{"a":`, 50) + `1` + strings.Repeat(`}`, 50) + `}`, 400, "nested deeper"},
		{"too big", "safety-report", `{"template": "` + strings.Repeat("x", 5<<20) + `"}`, 413, "at most"},
		{"a plan of somebody else", "safety-report", `{` + strings.Replace(moved, "by-sms", "citizens", 1) + recipients + `}`, 422, "none that the app may use"},
		{"nobody to tell", "safety-report", `{` + moved + `"recipients": []}`, 422, "is empty"},
		{"recipients and subscribers", "safety-report", `{` + moved + recipients + `, "audience": "subscribers"}`, 422, "exactly one"},
		{"subscribers, without leave", "safety-report", `{` + moved + `"audience": "subscribers"}`, 422, "may not send to subscribers"},
		{"a number that is none", "safety-report", `{` + moved + `"recipients": [{"ref": "u3", "to": {"sms": "02-123-4567"}}]}`, 422, "mobile number"},
		{"a webhook", "safety-report", `{` + moved + `"recipients": [{"ref": "u3", "to": {"webhook": "http://127.0.0.1/"}}]}`, 422, "sms, alimtalk, email or line"},
		{"the same number twice", "safety-report", `{` + moved + `"recipients": [{"ref": "a", "to": {"sms": "` + officeNumber(3) + `"}}, {"ref": "b", "to": {"sms": "` + officeNumber(3) + `"}}]}`, 422, "told twice"},
		{"a parameter too long", "safety-report", `{"template": "moved", "params": {"when": "10/15 14:00:00"}, "plan": "by-sms", ` + recipients + `}`, 422, "at most 11"},
		{"a parameter that is missing", "safety-report", `{"template": "moved", "plan": "by-sms", ` + recipients + `}`, 422, "is missing"},
		{"a cap that could be exceeded", "safety-report", `{` + moved + recipients + `, "cost_cap": {"amount": "8.999", "currency": "KRW"}}`, 422, "it comes to 9 KRW"},
		{"a cap in another currency", "safety-report", `{` + moved + recipients + `, "cost_cap": {"amount": "8", "currency": "USD"}}`, 422, "write the cap in KRW"},
		{"an end that is past", "safety-report", `{` + moved + recipients + `, "expires": "2020-01-01T00:00:00Z"}`, 422, "three days"},
		{"a callback to elsewhere", "safety-report", `{` + moved + recipients + `, "callback": "https://evil.example/x"}`, 422, "none of the app's origins"},
		{"a callback to within", "safety-report", `{` + moved + recipients + `, "callback": "http://169.254.169.254/"}`, 422, "none of the app's origins"},
		{"an upload that is not there", "safety-report", `{` + moved + `"upload": "nothing"}`, 422, "there is none with this id"},
		{"a template of another app", "clinic", `{"template": "moved", "params": {"when": "1"}, ` + recipients + `}`, 422, "no version"},
	} {
		if code, answer := o.ask("POST", "/api/v1/notices", c.who, c.body); code != c.code || !strings.Contains(answer, c.says) {
			t.Errorf("%s: %d %s, want %d with %q", c.name, code, answer, c.code, c.says)
		}
	}
	o.want(http.StatusUnsupportedMediaType, "POST", "/api/v1/notices", "safety-report", one("u3", 3), nil, "Content-Type", "text/plain")
	o.want(http.StatusBadRequest, "POST", "/api/v1/notices?dry_run=maybe", "safety-report", one("u3", 3), nil)
	o.want(http.StatusBadRequest, "POST", "/api/v1/notices", "safety-report", one("u3", 3), nil, "Idempotency-Key", "two words")
	var list struct{ Notices []viewed }
	o.want(http.StatusOK, "GET", "/api/v1/notices", "safety-report", "", &list)
	if len(list.Notices) != 1 {
		t.Errorf("refused orders left notices: %+v", list.Notices)
	}
}

func (o *office) uploads(t *testing.T) {
	o.T = t
	var u struct {
		ID                    string
		Lines, People, Faults int64
		First                 []struct {
			Line int64
			Why  string
		} `json:"first_faults"`
	}
	text := "ref,lang,sms\nc1,en," + officeNumber(11) + "\nc2,en,02-123\nc1,en," + officeNumber(12) + "\nc3,xx," + officeNumber(13) + "\nc4,en," + officeNumber(11) + "\n"
	o.want(http.StatusCreated, "POST", "/api/v1/uploads", "safety-report", text, &u, "Content-Type", "text/csv")
	if u.Lines != 5 || u.People != 1 || u.Faults != 4 || len(u.First) != 4 || u.First[0].Line != 3 {
		t.Errorf("the upload says %+v", u)
	}
	if faults := o.want(http.StatusOK, "GET", "/api/v1/uploads/"+u.ID+"/faults", "safety-report", "", nil); strings.Count(faults, "\n") != 4 || strings.Contains(faults, "+82") {
		t.Errorf("the faults are %s", faults)
	}
	o.want(http.StatusNotFound, "GET", "/api/v1/uploads/"+u.ID, "clinic", "", nil)
	o.want(http.StatusUnsupportedMediaType, "POST", "/api/v1/uploads", "safety-report", "{}", nil)
	o.want(http.StatusUnprocessableEntity, "POST", "/api/v1/uploads", "safety-report", "c1,010\n", nil, "Content-Type", "text/csv")
	var p placed
	o.want(http.StatusAccepted, "POST", "/api/v1/notices", "safety-report", `{"template": "moved", "params": {"when": {"en": "1", "ko": "2"}}, "plan": "by-sms", "policy": "at_most_once", "upload": "`+u.ID+`"}`, &p)
	if v := o.await("safety-report", p.ID, "ended"); v.People != 1 || v.Policy != "at_most_once" {
		t.Errorf("the upload's notice is %+v", v)
	}
}

func (o *office) notices(t *testing.T) {
	o.T = t
	o.bongsu("pause", "-c", o.config)
	var p placed
	o.want(http.StatusAccepted, "POST", "/api/v1/notices", "safety-report", one("u5", 5), &p)
	o.want(http.StatusNotFound, "GET", "/api/v1/notices/"+p.ID, "clinic", "", nil)
	o.want(http.StatusNotFound, "POST", "/api/v1/notices/"+p.ID+"/cancel", "clinic", "", nil)
	var v viewed
	o.want(http.StatusOK, "POST", "/api/v1/notices/"+p.ID+"/cancel", "safety-report", "", &v)
	if v.State != "cancelled" {
		t.Errorf("after the cancellation: %+v", v)
	}
	o.bongsu("resume", "-c", o.config)
	var page struct {
		Notices []viewed
		Next    *string
	}
	o.want(http.StatusOK, "GET", "/api/v1/notices?limit=2", "safety-report", "", &page)
	if len(page.Notices) != 2 || page.Next == nil || page.Notices[0].ID != p.ID {
		t.Fatalf("the first page: %+v", page)
	}
	var rest struct {
		Notices []viewed
		Next    *string
	}
	o.want(http.StatusOK, "GET", "/api/v1/notices?limit=2&cursor="+*page.Next, "safety-report", "", &rest)
	if len(rest.Notices) != 1 || rest.Next != nil || rest.Notices[0].ID == page.Notices[1].ID {
		t.Errorf("the second page: %+v", rest)
	}
	o.want(http.StatusBadRequest, "GET", "/api/v1/notices?limit=0", "safety-report", "", nil)
	o.want(http.StatusConflict, "POST", "/api/v1/notices/"+rest.Notices[0].ID+"/cancel", "safety-report", "", nil)
	if r := o.results(p.ID)["u5"]; r["outcome"] != "cancelled" && r["outcome"] != "no_address" {
		t.Errorf("the result of who was spared is %v", r)
	}
}

func (o *office) erasure(t *testing.T) {
	o.T = t
	o.want(http.StatusNotFound, "DELETE", "/api/v1/people/u1", "clinic", "", nil)
	o.want(http.StatusNoContent, "DELETE", "/api/v1/people/u1", "safety-report", "", nil)
	o.want(http.StatusNotFound, "DELETE", "/api/v1/people/u1", "safety-report", "", nil)
	var list struct{ Notices []viewed }
	o.want(http.StatusOK, "GET", "/api/v1/notices", "safety-report", "", &list)
	oldest := list.Notices[len(list.Notices)-1]
	if r := o.results(oldest.ID); r["u1"] != nil || r[""] == nil || r[""]["outcome"] != "delivered" {
		t.Errorf("after the erasure the results are %v", r)
	}
}

func (o *office) daily(t *testing.T) {
	o.T = t
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprintf(`{"ref": "d%d", "to": {"sms": %q}}`, i, officeNumber(20+i)))
	}
	body := `{"template": "moved", "params": {"when": "1"}, "plan": "by-sms", "recipients": [` + strings.Join(many, ",") + `]}`
	code, h, answer := o.askFor("POST", "/api/v1/notices", "safety-report", body)
	if code != http.StatusTooManyRequests || h.Get("Retry-After") == "" || !strings.Contains(answer, "today") {
		t.Errorf("over the day's recipients: %d %s", code, answer)
	}
	var p placed
	o.want(http.StatusOK, "POST", "/api/v1/notices?dry_run=true", "safety-report", body, &p)
	if p.Quote.People != 12 {
		t.Errorf("a dry run of more: %+v", p.Quote)
	}
}
