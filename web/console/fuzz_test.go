package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"bongsu/web/console"
	"bongsu/web/sample"
)

// Whatever comes in the place of an uploaded list is answered, and never as our
// own mistake.
func FuzzImportForm(f *testing.F) {
	f.Add("--x\r\nContent-Disposition: form-data; name=\"list\"; filename=\"a.csv\"\r\n\r\nkind,address\r\n--x--\r\n")
	f.Add("--x\r\nContent-Disposition: form-data; name=\"dry\"\r\n\r\nyes\r\n--x\r\nContent-Disposition: form-data; name=\"list\"; filename=\"../..\\a\x00b\"\r\n\r\n")
	f.Add("--x\r\nContent-Disposition: form-data; name=\"format\"\r\n\r\nxml\r\n--x--")
	f.Add("")
	c := open(f, sample.Calm(), withDesk(&fakeDesk{}), func(o *console.Options) { o.TrustedProxies = []string{"192.0.2.0/24"} })
	asked := 0
	f.Fuzz(func(t *testing.T, body string) {
		asked++ // each from a network of its own, so that none asks too often
		from := fmt.Sprintf("198.%d.%d.1", 18+asked/250%2, asked%250)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, request(http.MethodPost, "/console/imports", "admin", body, "Content-Type", "multipart/form-data; boundary=x", "X-Forwarded-For", from))
		if w.Code >= http.StatusInternalServerError || w.Code == http.StatusOK {
			t.Errorf("answered with %d", w.Code)
		}
	})
}
