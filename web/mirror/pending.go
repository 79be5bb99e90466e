package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"bongsu/web/minisign"
)

// pendingFile lists what is being written just now, with its signature in the
// same file: it is there whole or not at all.
const pendingFile = "pending.txt"

// seam parts the list from its signature.
const seam = "-- signature --\n"

func sealPending(signer minisign.Signer, list []byte, at time.Time) ([]byte, error) {
	signature, err := signer.Sign(list, pendingFile+" at "+at.UTC().Format(time.RFC3339))
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{list, signature}, []byte(seam)), nil
}

// openPending gives what was being written when a copy was left, by path.
func openPending(key minisign.PublicKey, body []byte) (map[string]string, error) {
	list, signature, found := bytes.Cut(body, []byte(seam))
	if !found {
		return nil, errors.New("it has no signature")
	}
	if _, err := key.Verify(list, signature); err != nil {
		return nil, fmt.Errorf("%s: %w", pendingFile, err)
	}
	files, err := parseManifest(list)
	if err != nil {
		return nil, err
	}
	pending := make(map[string]string, len(files))
	for _, f := range files {
		pending[f.path] = f.hash
	}
	return pending, nil
}
