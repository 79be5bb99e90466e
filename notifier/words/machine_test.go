package words_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

// machineTexts are the documents of the story's second step, by class and
// language.
func machineTexts(t *testing.T, m *status.Model) map[string]string {
	t.Helper()
	step := story()[1]
	c := composer(m)
	c.Classes["citizens"] = []notifier.Class{notifier.ClassWebhook, notifier.ClassStatuspage}
	notices, err := c.Notices(page(m, step.incident), []status.Event{step.event}, step.now)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, text := range notices[0].Texts {
		out[string(text.Class)+" "+text.Lang] = text.Body
	}
	return out
}

func TestADocumentIsWhatItsTypeSays(t *testing.T) {
	decoder := json.NewDecoder(strings.NewReader(machineTexts(t, city())["webhook ko"]))
	decoder.DisallowUnknownFields()
	var d words.Document
	if err := decoder.Decode(&d); err != nil {
		t.Fatal(err)
	}
	if d.Version != words.DocumentVersion || d.Type != "worsened" || d.Notice == "" || d.Incident == nil || d.Incident.Code != "7F3K" ||
		d.Check.URL != "https://status.example/check/7F3K" || d.Leave != notifier.LeaveMark || len(d.Components) != 5 {
		t.Errorf("%+v", d)
	}
	for lang, want := range map[string]string{"ko": "■ 대상: 가온톡 메시지", "ja": "■対象: カオントーク", "en": "What: Gaon Talk messages"} {
		if !strings.Contains(d.Texts[lang].Body, want) {
			t.Errorf("%s: %+v", lang, d.Texts[lang])
		}
	}
}

func TestADocumentHasAnEnd(t *testing.T) {
	m := city()
	step := story()[0]
	for i := range 1000 {
		id := "c" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + time.Duration(i).String()
		m.Components = append(m.Components, status.Component{ID: id, Group: "maps", Name: status.Text{"ko": "장소 검색", "ja": "場所検索", "en": "Place search"}})
		step.incident.Components = append(step.incident.Components, status.Affected{Component: id, State: status.MajorOutage, Worst: status.MajorOutage})
	}
	c := composer(m)
	c.Classes["citizens"] = []notifier.Class{notifier.ClassWebhook, notifier.ClassStatuspage}
	notices, err := c.Notices(page(m, step.incident), []status.Event{step.event}, step.now)
	if err != nil {
		t.Fatal(err)
	}
	var d words.Document
	if err := json.Unmarshal([]byte(notices[0].Texts[0].Body), &d); err != nil || len(d.Components) != 100 || d.More != 902 {
		t.Errorf("%d components and %d more (%v)", len(d.Components), d.More, err)
	}
}

// The keys of Statuspage's own webhook bodies, as its readers have them in
// their fixtures: one more or one less breaks those that decode strictly.
var statuspageKeys = map[string]string{
	"":          "incident meta page",
	"meta":      "documentation generated_at unsubscribe",
	"page":      "id status_description status_indicator",
	"incident":  "backfilled components created_at id impact impact_override incident_updates monitoring_at name page_id postmortem_body postmortem_body_last_updated_at postmortem_ignored postmortem_notified_subscribers postmortem_notified_twitter postmortem_published_at reminder_intervals resolved_at scheduled_auto_completed scheduled_auto_in_progress scheduled_for scheduled_remind_prior scheduled_reminded_at scheduled_until shortlink started_at status updated_at",
	"update":    "affected_components body created_at custom_tweet deliver_notifications display_at id incident_id status tweet_id twitter_updated_at updated_at wants_twitter_update",
	"component": "created_at description group group_id id name only_show_if_degraded page_id position showcase start_date status updated_at",
}

func TestStatuspagesShape(t *testing.T) {
	bodies := machineTexts(t, city())
	code, err := words.Code(city().Site, "en", notifier.ClassStatuspage, "483920", "", 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	bodies["a sign-up"] = code.Body
	delete(bodies, "webhook ko")
	delete(bodies, "webhook ja")
	delete(bodies, "webhook en")
	for name, body := range bodies {
		var whole map[string]map[string]any
		if err := json.Unmarshal([]byte(body), &whole); err != nil {
			t.Fatal(err)
		}
		keys := map[string]string{"": strings.Join(slices.Sorted(maps.Keys(whole)), " ")}
		for _, part := range []string{"meta", "page", "incident"} {
			keys[part] = keysOf(whole[part])
		}
		updates, components := whole["incident"]["incident_updates"].([]any), whole["incident"]["components"].([]any)
		keys["update"], keys["component"] = keysOf(updates[0].(map[string]any)), statuspageKeys["component"]
		if len(components) > 0 {
			keys["component"] = keysOf(components[0].(map[string]any))
		} else if name != "a sign-up" {
			t.Errorf("%s lists no component", name)
		}
		if diff := cmp.Diff(statuspageKeys, keys); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func keysOf(object map[string]any) string { return strings.Join(slices.Sorted(maps.Keys(object)), " ") }
