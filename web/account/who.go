package account

// Who is somebody who has come in, by password or by token. The zero Who is
// nobody and may nothing.
type Who struct {
	ID   string
	Name string
	Role Role
	App  string // of an agency or an app: the one it is good for; else empty
	Lang string // which they read; empty: the site's first
}

// May says whether they may do it. Of somebody who is good for one app only it
// is asked with the app it is done for; for others the app does not matter.
func (w Who) May(d Deed, app string) bool {
	if w.Role.OfOneApp() && (app == "" || app != w.App) {
		return false
	}
	return w.Role.May(d)
}
