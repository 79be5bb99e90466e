package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// Limits of what the API reads.
const (
	maxJSON      = 64 << 10
	maxJSONDepth = 8
)

// readJSON reads a request's body into a struct, strictly: one value, every
// key known and written as it is, none twice, nothing nested deeper than
// needed.
func readJSON(c *gin.Context, into any) *problem {
	_, refusal := readJSONWithin(c, into, maxJSON)
	return refusal
}

// readJSONWithin is readJSON of a body of at most limit bytes, which it gives
// too.
func readJSONWithin(c *gin.Context, into any, limit int64) ([]byte, *problem) {
	if kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || kind != "application/json" {
		return nil, newProblem(http.StatusUnsupportedMediaType, "Send the body as JSON, with Content-Type: application/json.")
	}
	body, err := readBody(c, limit)
	switch {
	case errors.Is(err, errTooBig):
		return nil, newProblem(http.StatusRequestEntityTooLarge, fmt.Sprintf("The body may have at most %d bytes.", limit))
	case err != nil:
		return nil, newProblem(http.StatusBadRequest, "The body did not arrive whole.")
	}
	if err := decodeStrictly(body, into); err != nil {
		return nil, newProblem(http.StatusBadRequest, "The body cannot be read: "+err.Error()+".")
	}
	return body, nil
}

var errTooBig = errors.New("the body is too big")

// readBody reads at most limit bytes.
func readBody(c *gin.Context, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return nil, errTooBig
	}
	return body, err
}

func decodeStrictly(body []byte, into any) error {
	if !utf8.Valid(body) {
		return errors.New("it is not UTF-8")
	}
	if err := walkJSON(body, fieldNames(into)); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields() // of objects within; walkJSON has looked at the outermost
	if err := d.Decode(into); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%q is a JSON %s and should be %s", wrong.Field, wrong.Value, jsonKind(wrong.Type))
		}
		return err
	}
	return nil
}

func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	default:
		return "a string"
	}
}

// fieldNames are the keys that a struct knows.
func fieldNames(into any) []string {
	t := reflect.TypeOf(into).Elem()
	names := make([]string, 0, t.NumField())
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// walkJSON checks what the decoder would let pass: keys of the outermost
// object that are not known, in this spelling; keys that come twice; depth;
// and what follows the value.
func walkJSON(body []byte, known []string) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if err := walkValue(d, known, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// walkValue reads one value. known are the keys it may have, nil for any.
func walkValue(d *json.Decoder, known []string, depth int) error {
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		return errors.New("it ends early")
	}
	if err != nil {
		return err
	}
	if depth == 0 && t != json.Delim('{') {
		return errors.New("it is not a JSON object")
	}
	if depth >= maxJSONDepth {
		return fmt.Errorf("it is nested deeper than %d", maxJSONDepth)
	}
	switch t {
	case json.Delim('{'):
		return walkObject(d, known, depth)
	case json.Delim('['):
		for d.More() {
			if err := walkValue(d, nil, depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

func walkObject(d *json.Decoder, known []string, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		switch {
		case seen[key]:
			return fmt.Errorf("%q is there twice", key)
		case known != nil && !slices.Contains(known, key):
			return fmt.Errorf("%q is not known; write %s", key, strings.Join(known, ", "))
		}
		seen[key] = true
		if err := walkValue(d, nil, depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}
