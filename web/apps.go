package web

import (
	"bongsu/status"
	"bongsu/web/speech"
)

// appsPage lists the apps, and what of each works.
type appsPage struct{ Apps []appPage }

// appPage is an app's alternates: it works when the app's own site does not.
type appPage struct {
	Name     string
	Href     string
	Well     bool // all of it works, as far as we measure
	Services []serviceRow
}

// serviceRow is a function on a page.
type serviceRow struct {
	service
	Next *speech.Moment
}

func (t *teller) apps() page {
	var p appsPage
	for i := range t.snapshot.Apps {
		p.Apps = append(p.Apps, t.appPage(&t.snapshot.Apps[i]))
	}
	return page{title: t.Say("nav_apps"), content: p}
}

func (t *teller) app(a *status.AppView) page {
	return page{title: t.text(a.Name), content: t.appPage(a)}
}

func (t *teller) appPage(a *status.AppView) appPage {
	p := appPage{Name: t.text(a.Name), Href: link("/apps/"+a.ID, t.Lang), Well: true}
	for i := range a.Functions {
		v := t.service(&a.Functions[i])
		p.Services = append(p.Services, serviceRow{v, t.Moment(v.Next)})
		p.Well = p.Well && v.State == status.Operational
	}
	return p
}
