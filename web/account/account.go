package account

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Account is somebody who can come in with a password.
type Account struct {
	ID       string
	Name     string // as [FoldName] gives it
	Role     Role
	App      string // of an agency: its app
	Lang     string // which they read; empty: the site's first
	Password string // its hash; empty: none has been chosen yet
	TOTP     []byte // the secret of their authenticator; empty: none
	Used     int64  // the step of the code they came in by last
	Recovery int    // codes left

	Made, Changed, LastIn time.Time // Changed: the password
	Disabled              time.Time // zero: they may come in
}

// Who is the account's owner, come in.
func (a *Account) Who() Who {
	return Who{ID: a.ID, Name: a.Name, Role: a.Role, App: a.App, Lang: a.Lang}
}

// Why an account is not there or not changed.
var (
	ErrNoAccount = errors.New("no such account")
	ErrNameTaken = errors.New("the name is taken")
	ErrLastAdmin = errors.New("this is the last administrator who can come in")
	ErrNobody    = errors.New("nobody is logged in")
	ErrNoLink    = errors.New("no such link, or it has been used, or its time is over")
)

// names are what an account may be called. Nobody can take another's name by
// letters that look alike, as there are Latin ones only.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,38}[a-z0-9]$`)

// FoldName is the form a name is kept and found in.
func FoldName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// CheckName says what is wrong with the name of a new account.
func CheckName(name string) error {
	if !names.MatchString(FoldName(name)) {
		return fmt.Errorf("%q cannot be a user's name; write 2 to 40 of a-z, 0-9, and . _ - between them", clip(name))
	}
	return nil
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// CheckRole says what is wrong with a role for people, and with its app: only an
// agency has one.
func CheckRole(role Role, app string) error {
	switch {
	case !role.OfPeople():
		return fmt.Errorf("the role %q is not for people; write %s", clip(string(role)), strings.Join(RolesOfPeople(), ", "))
	case role.OfOneApp() && app == "":
		return fmt.Errorf("the role %s is for one app; say which", role)
	case !role.OfOneApp() && app != "":
		return fmt.Errorf("the role %s is not for one app; only agency is", role)
	}
	return nil
}

// RolesOfPeople lists the roles that somebody with a password can have.
func RolesOfPeople() []string {
	var list []string
	for _, r := range Roles() {
		if r.OfPeople() {
			list = append(list, string(r))
		}
	}
	return list
}

// Session is a browser that somebody has logged in with, or is about to.
type Session struct {
	Hash     string // of the secret in the browser's cookie
	Account  string // its id
	Second   bool   // a code is still asked for: nobody is in yet
	Network  string // where it was begun
	Browser  string // what it was, in a few words
	Made     time.Time
	Seen     time.Time // to the minute
	Deadline time.Time // it ends then, however much it is used
	Expires  time.Time // it ends then unless it is used
}

// Device is a browser that somebody has come in by: it speaks for them when
// others guess.
type Device struct {
	Hash    string // of the secret in its cookie
	Network string
	Seen    time.Time
}

// Purpose is what a one-time link is for.
type Purpose string

// The purposes.
const (
	FirstUser   Purpose = "first"    // to make the first account, an administrator
	SetPassword Purpose = "password" // to choose a password for an account
)

// Link lets whoever has it do one thing once.
type Link struct {
	Hash    string
	Purpose Purpose
	Account string // whose password it sets; else empty
	Made    time.Time
	Expires time.Time
}
