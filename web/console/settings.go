package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// Configurations is what the configuration says, and how it is read anew.
type Configurations interface {
	// Running is the configuration that is used now.
	Running(ctx context.Context) (Configuration, error)
	// Check reads a candidate on the server without using it. A name that leads
	// out of the folder of the configuration is [ErrOutside].
	Check(ctx context.Context, name string) (Candidate, error)
	// Reload reads the configuration anew, as SIGHUP does. The error says why the
	// old one stays.
	Reload(ctx context.Context) error
}

// ErrOutside says that a file is not where candidates are looked for.
var ErrOutside = errors.New("the file is not in the folder of the configuration")

// Configuration is what is written, value by value.
type Configuration struct {
	Path   string
	Loaded time.Time // when it was read
	Failed time.Time // when reading a newer one failed; zero: it did not, or has worked since
	Why    string    // why that failed, a problem a line
	Notes  []string  // warnings of the one that runs
	Values []Setting
}

// Setting is one value.
type Setting struct {
	Path    string // channels[0].daily_cap
	Value   string // … for what is secret
	File    string
	Line    int // 0: it is not written: what stands is the default
	Default bool
	Secret  bool
}

// Candidate is what reading a file came to.
type Candidate struct {
	Name     string
	Problems []string // file:line:column: path: what is wrong; what to write
	Restart  string   // which change needs a restart; empty: none does
	Notes    []string
}

func (c *Console) settingRoutes() []route {
	if c.options.Settings == nil {
		return nil
	}
	return []route{
		{method: http.MethodGet, path: "/settings", deed: account.ReadSettings, handle: c.settings},
		{method: http.MethodPost, path: "/settings/check", deed: account.Configure, handle: c.checkSettings},
		{method: http.MethodPost, path: "/settings/reload", deed: account.Configure, handle: c.reload},
	}
}

type settingsPage struct {
	Path, Loaded, Failed string
	Why                  []*web.Reason // why that failed
	Notes, Found         []*web.Reason // of the configuration that runs, and of the one that was checked
	Problems             []*web.Reason // of the one that was checked
	Parts                []settingPart
	Find                 string
	Shown, All           string
	MayChange            bool
	Checked              *Candidate
}

// settingPart is what stands under one key of the first level.
type settingPart struct {
	Key    string
	Values []settingRow
	Open   bool
}

type settingRow struct {
	Setting

	Where string
}

// shownSettings is how many values one page shows; the search narrows them.
const shownSettings = 2000

func (c *Console) settings(v *visit) error { return c.showSettings(v, nil) }

func (c *Console) showSettings(v *visit, checked *Candidate) error {
	v.topics = []Topic{Settings}
	if checked != nil {
		v.topics = nil // loading it anew would lose the answer
	}
	running, err := c.options.Settings.Running(v.request.Context())
	if err != nil {
		return err
	}
	page := settingsPage{
		Path: running.Path, Loaded: v.At(running.Loaded), Notes: v.reasons(running.Notes), Find: v.asked("find"), MayChange: v.may(account.Configure), Checked: checked,
	}
	if checked != nil {
		page.Found, page.Problems = v.reasons(checked.Notes), v.reasons(checked.Problems)
	}
	if !running.Failed.IsZero() {
		page.Failed, page.Why = v.At(running.Failed), v.reasons(strings.Split(running.Why, "\n"))
	}
	find, shown := strings.ToLower(page.Find), 0
	for _, s := range running.Values {
		if find != "" && !strings.Contains(strings.ToLower(s.Path+" "+s.Value), find) {
			continue
		}
		if shown++; shown > shownSettings {
			continue
		}
		key, _, _ := strings.Cut(s.Path, ".")
		key, _, _ = strings.Cut(key, "[")
		if n := len(page.Parts); n == 0 || page.Parts[n-1].Key != key {
			page.Parts = append(page.Parts, settingPart{Key: key, Open: find != ""})
		}
		row := settingRow{Setting: s, Where: v.Say("setting_default")}
		if s.Line > 0 {
			row.Where = v.Say("setting_place", "File", s.File, "Line", s.Line)
		}
		last := &page.Parts[len(page.Parts)-1]
		last.Values = append(last.Values, row)
	}
	page.Shown, page.All = speech.Grouped(int64(min(shown, shownSettings))), speech.Grouped(int64(len(running.Values)))
	return v.render("settings", v.Say("menu_settings"), page)
}

// checkSettings reads a candidate and says all that is wrong with it.
func (c *Console) checkSettings(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	name := strings.TrimSpace(form.Get("file"))
	checked, err := c.options.Settings.Check(v.request.Context(), name)
	if errors.Is(err, ErrOutside) {
		v.undone("settings_outside")
		return v.lead("/settings", nil)
	}
	if err != nil {
		return err
	}
	v.record(account.Configure, "settings", "checked "+name)
	return c.showSettings(v, &checked)
}

func (c *Console) reload(v *visit) error {
	err := c.options.Settings.Reload(v.request.Context())
	if err != nil {
		v.record(account.Configure, "settings", "reload failed")
		v.undone("settings_reload_failed")
	} else {
		v.record(account.Configure, "settings", "reloaded")
		v.done("settings_reload_done")
	}
	c.Changed(Settings)
	return v.lead("/settings", nil)
}
