package account_test

import (
	"strings"
	"testing"
	"time"

	"bongsu/web/account"
)

func TestCheckName(t *testing.T) {
	for name, good := range map[string]bool{
		"hana": true, "Hana": true, " hana ": true, "night-shift.2": true, "a1": true,
		"": false, "a": false, "-a": false, "a-": false, "하나": false, "hаna": false, "a b": false, strings.Repeat("a", 41): false, "a\nb": false,
	} {
		if err := account.CheckName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := account.CheckName(strings.Repeat("x", 5000)); err == nil || len(err.Error()) > 300 {
		t.Errorf("a very long name: %v", err)
	}
}

func TestCheckRole(t *testing.T) {
	for _, c := range []struct {
		role account.Role
		app  string
		want string
	}{
		{account.Admin, "", ""},
		{account.Supervisor, "", ""},
		{account.Agency, "safety", ""},
		{account.Agency, "", "say which"},
		{account.Operator, "safety", "only agency is"},
		{account.Agent, "", "not for people; write viewer, supervisor, operator, agency, admin"},
		{account.App, "safety", "not for people"},
		{"owner", "", "not for people"},
	} {
		err := account.CheckRole(c.role, c.app)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %q: %v", c.role, c.app, err)
		}
	}
}

func TestScope(t *testing.T) {
	got, err := account.Admin.ParseScope("publish, approve-words,publish")
	if err != nil || len(got) != 2 || got[0] != account.Publish || got[1] != account.ApproveWords {
		t.Errorf("%v (%v)", got, err)
	}
	if _, err := account.App.ParseScope("publish"); err == nil || !strings.Contains(err.Error(), "write some of send-notices, offer-words") {
		t.Errorf("more than the role may: %v", err)
	}
}

// Entries are chained over all that they say, and over where one word ends.
func TestChain(t *testing.T) {
	e := account.Entry{Number: 7, At: time.UnixMilli(1_700_000_000_123), Who: account.Who{ID: "a1", Name: "hana", Role: account.Admin, App: "x"}, Deed: account.Publish, About: "incident", Detail: "words"}
	seen := map[string]string{e.Chain("h"): "itself"}
	for name, change := range map[string]func(*account.Entry){
		"number": func(e *account.Entry) { e.Number++ }, "time": func(e *account.Entry) { e.At = e.At.Add(time.Millisecond) },
		"id": func(e *account.Entry) { e.Who.ID = "a2" }, "name": func(e *account.Entry) { e.Who.Name = "Hana" },
		"role": func(e *account.Entry) { e.Who.Role = "" }, "app": func(e *account.Entry) { e.Who.App = "" },
		"deed": func(e *account.Entry) { e.Deed = account.Steer }, "about": func(e *account.Entry) { e.About = "" },
		"border": func(e *account.Entry) { e.About, e.Detail = "incidentw", "ords" },
	} {
		other := e
		change(&other)
		if hash := other.Chain("h"); seen[hash] != "" {
			t.Errorf("with another %s the hash is that of %s", name, seen[hash])
		} else {
			seen[hash] = name
		}
	}
	if seen[e.Chain("g")] != "" {
		t.Error("behind another entry it has the same hash")
	}
}

func TestBounded(t *testing.T) {
	e := account.Entry{At: noon.Add(1500 * time.Microsecond), About: strings.Repeat("가", 100), Detail: strings.Repeat("x", 5000)}.Bounded()
	if len(e.About) != 198 || len(e.Detail) != 2000 || !e.At.Equal(noon.Add(time.Millisecond)) {
		t.Errorf("%d, %d, %s", len(e.About), len(e.Detail), e.At)
	}
}
