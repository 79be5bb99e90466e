package drill

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
)

// fields is a JSON object of few members.
type fields map[string]any

// simulated says in the body what the header says too.
func simulated(f fields) fields {
	f["simulation"] = true
	return f
}

// writeJSON writes an answer. What cannot be written has nobody to hear it.
func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // our own types always encode
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	w.Write(raw)
}

// readJSON reads a JSON body of the right shape.
func readJSON(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return errors.New("the body is empty; write a JSON object")
	}
	return json.Unmarshal(body, into)
}

// orNull is null in JSON for the empty text.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
