package console

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// Limits of what a form may hold.
const (
	maxForm   = 256 << 10 // bytes of the whole body, unless the route says otherwise
	maxFields = 500       // values
	maxValue  = 64 << 10  // bytes of one value
)

// form reads what a form sends. It is refused if it is too large, has too many
// fields, or is not what a browser makes of a form.
func (v *visit) form() (url.Values, error) {
	kind, _, err := mime.ParseMediaType(v.request.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, refuse(http.StatusUnsupportedMediaType, "problem_no_form")
	}
	if err := v.request.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, err
		}
		return nil, refuse(http.StatusBadRequest, "problem_no_form")
	}
	return v.request.PostForm, checkForm(v.request.PostForm)
}

func checkForm(form url.Values) error {
	fields := 0
	for name, values := range form {
		fields += len(values)
		for _, value := range append(values, name) {
			if len(value) > maxValue {
				return refuse(http.StatusRequestEntityTooLarge, "problem_too_large")
			}
			if !utf8.ValidString(value) {
				return refuse(http.StatusBadRequest, "problem_no_form")
			}
		}
	}
	if fields > maxFields {
		return refuse(http.StatusRequestEntityTooLarge, "problem_too_large")
	}
	return nil
}
