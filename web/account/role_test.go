package account_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bongsu/web/account"
)

// The table of who may do what, as a reader sees it.
func TestWhoMayDoWhat(t *testing.T) {
	var got strings.Builder
	for _, role := range account.Roles() {
		fmt.Fprintf(&got, "%s may\n", role)
		for _, deed := range role.Deeds() {
			if !role.May(deed) {
				t.Errorf("%s has the deed %q and may not do it", role, deed)
			}
			fmt.Fprintf(&got, "\t%s\n", deed)
		}
	}
	want, err := os.ReadFile(filepath.Join("testdata", "roles.golden"))
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the roles may\n%s\nwant\n%s", got.String(), want)
	}
}

func TestSupervisorChangesNothing(t *testing.T) {
	reads := []account.Deed{account.OwnAccount, account.ReadDesk, account.ReadApp, account.ReadPeople, account.ReadAudit, account.ReadSettings, account.ReadAccounts}
	for _, deed := range account.Supervisor.Deeds() {
		if !slices.Contains(reads, deed) {
			t.Errorf("a supervisor may %s", deed)
		}
	}
	for _, deed := range reads {
		if !account.Supervisor.May(deed) {
			t.Errorf("a supervisor may not %s", deed)
		}
	}
}

func TestNobodyMayNothing(t *testing.T) {
	for _, deed := range account.Admin.Deeds() {
		for _, who := range []account.Who{{}, {Role: "owner"}, {Role: "Admin"}} {
			if who.May(deed, "") || who.May(deed, "safety") {
				t.Errorf("%+v may %s", who, deed)
			}
		}
	}
}

func TestAnAgencyMayForItsOwnAppOnly(t *testing.T) {
	agency := account.Who{Role: account.Agency, App: "safety"}
	for app, want := range map[string]bool{"safety": true, "benefit": false, "": false} {
		if got := agency.May(account.OfferWords, app); got != want {
			t.Errorf("for the app %q it may: %v", app, got)
		}
	}
	if (account.Who{Role: account.Agency}).May(account.OfferWords, "") {
		t.Error("an agency of no app may propose templates")
	}
	if admin := (account.Who{Role: account.Admin}); !admin.May(account.ApproveWords, "benefit") || !admin.May(account.KeepAccounts, "") {
		t.Error("an administrator is kept to an app")
	}
}

func TestParseRole(t *testing.T) {
	for _, role := range account.Roles() {
		if got, err := account.ParseRole(string(role)); got != role || err != nil {
			t.Errorf("%s: %v, %v", role, got, err)
		}
	}
	_, err := account.ParseRole("owner")
	if want := `no role is called "owner"; write viewer, supervisor, operator, app, agency, admin, agent`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
