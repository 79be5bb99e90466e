package main

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"bongsu/status"
)

// What was called off is neither planned nor going on.
func TestWorkCalledOffIsNotListed(t *testing.T) {
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	work := func(id string, cancelled time.Time) status.Maintenance {
		return status.Maintenance{
			ID: id, Title: status.Text{"en": id}, Components: []string{"pay"},
			From: now.Add(-time.Hour), Until: now.Add(time.Hour), Cancelled: cancelled,
		}
	}
	var out strings.Builder
	c := &cobra.Command{}
	c.SetOut(&out)
	site := status.Site{Languages: []string{"en"}, Zone: time.UTC}
	all := []status.Maintenance{work("goes-on", time.Time{}), work("off", now.Add(-time.Minute))}
	if err := listPlanned(c, all, site, now); err != nil {
		t.Fatal(err)
	}
	if list := out.String(); !strings.Contains(list, "goes-on") || strings.Contains(list, "off ") {
		t.Errorf("the list is\n%s", list)
	}
}
