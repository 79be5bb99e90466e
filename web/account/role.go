package account

import (
	"fmt"
	"slices"
	"strings"
)

// Role says what somebody may do. The zero Role may do nothing.
type Role string

// The roles. Agent and App are of tokens only; the others are of people, and of
// tokens too.
const (
	Viewer     Role = "viewer"     // reads the desk
	Supervisor Role = "supervisor" // reads everything, changes nothing
	Operator   Role = "operator"   // says what happens, and steers what goes out
	App        Role = "app"        // of a public-service app: sends its notices
	Agency     Role = "agency"     // looks after one app: its functions, texts and notices
	Admin      Role = "admin"      // everything, users and tokens included
	Agent      Role = "agent"      // of a remote location, and good for nothing else
)

// Deed is something that somebody may do or not.
type Deed string

// The deeds.
const (
	OwnAccount   Deed = "own-account"
	ReadDesk     Deed = "read-desk"
	ReadApp      Deed = "read-app"
	ReadPeople   Deed = "read-people"
	ReadAudit    Deed = "read-audit"
	ReadSettings Deed = "read-settings"
	ReadAccounts Deed = "read-accounts"
	Publish      Deed = "publish"
	Watch        Deed = "watch"
	Steer        Deed = "steer"
	Drill        Deed = "drill"
	SendNotices  Deed = "send-notices"
	OfferWords   Deed = "offer-words"
	ApproveWords Deed = "approve-words"
	KeepApp      Deed = "keep-app"
	SwitchWidget Deed = "switch-widget"
	KeepPeople   Deed = "keep-people"
	Configure    Deed = "configure"
	KeepAccounts Deed = "keep-accounts"
	LookFromAfar Deed = "look-from-afar"
)

// phrases say each deed behind "may" or "may not".
var phrases = map[Deed]string{
	OwnAccount:   "look after an account of their own",
	ReadDesk:     "read the desk",
	ReadApp:      "read what concerns an app",
	ReadPeople:   "read subscribers and their deliveries",
	ReadAudit:    "read the audit log",
	ReadSettings: "read the settings",
	ReadAccounts: "read who has which role, and what tokens there are",
	Publish:      "publish incidents, updates and maintenance",
	Watch:        "silence checks and have them look at once",
	Steer:        "pause, resume, cancel and repeat what is sent",
	Drill:        "run drills",
	SendNotices:  "send an app's notices",
	OfferWords:   "propose and read templates",
	ApproveWords: "approve templates",
	KeepApp:      "change an app's functions",
	SwitchWidget: "shut an app's widget off and on",
	KeepPeople:   "import, export and erase subscribers",
	Configure:    "change the configuration",
	KeepAccounts: "keep users and tokens",
	LookFromAfar: "look from a remote location",
}

// String is the deed in words that follow "may".
func (d Deed) String() string {
	if phrase, known := phrases[d]; known {
		return phrase
	}
	return string(d)
}

// roles is what each may do, in the order of who has least. It is the one table
// that console, API and tests go by.
var roles = []struct {
	role Role
	may  []Deed
}{
	{Viewer, []Deed{OwnAccount, ReadDesk, ReadApp}},
	{Supervisor, []Deed{OwnAccount, ReadDesk, ReadApp, ReadPeople, ReadAudit, ReadSettings, ReadAccounts}},
	{Operator, []Deed{OwnAccount, ReadDesk, ReadApp, ReadPeople, ReadAudit, ReadSettings, Publish, Watch, Steer, Drill, SwitchWidget}},
	{App, []Deed{SendNotices, OfferWords}},
	{Agency, []Deed{OwnAccount, ReadApp, SendNotices, OfferWords, KeepApp, SwitchWidget}},
	{Admin, []Deed{
		OwnAccount, ReadDesk, ReadApp, ReadPeople, ReadAudit, ReadSettings, ReadAccounts, Publish, Watch, Steer, Drill,
		OfferWords, ApproveWords, KeepApp, SwitchWidget, KeepPeople, Configure, KeepAccounts,
	}},
	{Agent, []Deed{LookFromAfar}},
}

// Roles lists the roles in the order of who has least.
func Roles() []Role {
	list := make([]Role, 0, len(roles))
	for _, r := range roles {
		list = append(list, r.role)
	}
	return list
}

// Deeds lists what the role may do.
func (r Role) Deeds() []Deed {
	for _, known := range roles {
		if known.role == r {
			return slices.Clone(known.may)
		}
	}
	return nil
}

// ParseRole reads a role's name. The error lists those there are.
func ParseRole(name string) (Role, error) {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		if string(r.role) == name {
			return r.role, nil
		}
		names = append(names, string(r.role))
	}
	return "", fmt.Errorf("no role is called %q; write %s", name, strings.Join(names, ", "))
}

// May says whether the role may do it. An unknown role may nothing. A role that
// is of one app may do it for that app only: see [Who.May].
func (r Role) May(d Deed) bool {
	for _, known := range roles {
		if known.role == r {
			return slices.Contains(known.may, d)
		}
	}
	return false
}

// OfOneApp says whether the role is good for one app only.
func (r Role) OfOneApp() bool { return r == Agency || r == App }

// OfPeople says whether somebody with a password can have the role.
func (r Role) OfPeople() bool { return r.May(OwnAccount) }

// ParseScope reads deeds by their short names, with commas or spaces between,
// which the role must be allowed. Nothing at all is all that the role may.
func (r Role) ParseScope(text string) ([]Deed, error) {
	var scope []Deed
	for _, name := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' }) {
		deed := Deed(name)
		if !r.May(deed) {
			may := make([]string, 0, len(r.Deeds()))
			for _, d := range r.Deeds() {
				may = append(may, string(d))
			}
			return nil, fmt.Errorf("the role %s has no %q; write some of %s", r, clip(name), strings.Join(may, ", "))
		}
		if !slices.Contains(scope, deed) {
			scope = append(scope, deed)
		}
	}
	return scope, nil
}

// Least is the role with the least rights that may do it.
func (d Deed) Least() Role {
	for _, known := range roles {
		if slices.Contains(known.may, d) {
			return known.role
		}
	}
	return Admin
}
