package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// How long what may be kept, by browsers and by caches on the way. A page that
// can not be fetched anew is better old than missing: it says itself how old
// it is.
const (
	keepShort   = "public, max-age=15, stale-while-revalidate=60, stale-if-error=86400"
	keepForever = "public, max-age=31536000, immutable"
	keepNot     = "no-store"
)

// document is something to serve from memory: bytes, compressed once when first
// asked for so, with the headers that go with them. What it says does not change.
type document struct {
	status int
	body   []byte
	plain  encoded
	packed *packs // nil: it goes out as it is

	contentType  []string
	language     []string // nil for what has none
	cacheControl []string
	vary         []string
	anyOrigin    bool // other sites' scripts may read it
}

// encoded is one representation of a document.
type encoded struct {
	body     []byte
	length   []string
	etag     []string
	encoding []string // nil for none
}

func newDocument(status int, contentType string, body []byte) *document {
	tag := tagOf(contentType, body)
	return &document{
		status:       status,
		body:         body,
		plain:        newEncoded(body, tag, ""),
		packed:       &packs{body: body, tag: tag},
		contentType:  []string{contentType},
		cacheControl: []string{keepShort},
		vary:         []string{"Accept-Encoding"},
	}
}

// tags are those of all representations.
func (d *document) tags() []string {
	tags := []string{d.plain.etag[0]}
	if d.packed != nil {
		tags = append(tags, quoted(d.packed.tag, codingGzip), quoted(d.packed.tag, codingBrotli))
	}
	return tags
}

// tagOf is a strong tag: equal for equal bytes of the same type.
func tagOf(contentType string, body []byte) string {
	sum := sha256.New()
	sum.Write([]byte(contentType))
	sum.Write(body)
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12])
}

// bare is an answer for when not even the page that says so can be made.
func bare(code int) *document {
	body := []byte(http.StatusText(code) + "\n")
	const contentType = "text/plain; charset=utf-8"
	d := &document{status: code, body: body, plain: newEncoded(body, tagOf(contentType, body), ""), contentType: []string{contentType}, vary: []string{"Accept-Encoding"}}
	return d.kept(keepNot)
}

func newEncoded(body []byte, tag, encoding string) encoded {
	e := encoded{body: body, length: []string{strconv.Itoa(len(body))}}
	if encoding == "" {
		e.etag = []string{`"` + tag + `"`}
		return e
	}
	e.encoding = []string{encoding}
	e.etag = []string{quoted(tag, encoding)}
	return e
}

// quoted is the tag of a compressed representation.
func quoted(tag, encoding string) string { return `"` + tag + "-" + encoding + `"` }

// in says which language the document is in, and that visitors who ask for
// another get another.
func (d *document) in(lang string) *document {
	d.language = []string{lang}
	d.vary = []string{"Accept-Encoding, Accept-Language"}
	return d
}

// forAnyOrigin lets other sites' scripts read the document.
func (d *document) forAnyOrigin() *document {
	d.anyOrigin = true
	return d
}

// kept sets how long the document may be kept.
func (d *document) kept(cacheControl string) *document {
	d.cacheControl = []string{cacheControl}
	return d
}

var (
	anyOrigin   = []string{"*"}
	crossOrigin = []string{"cross-origin"}
)

// serve answers a GET or HEAD.
func (d *document) serve(w http.ResponseWriter, r *http.Request) {
	e := d.choose(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	h["Cache-Control"] = d.cacheControl
	h["Vary"] = d.vary
	if d.anyOrigin {
		h["Access-Control-Allow-Origin"] = anyOrigin
		h["Cross-Origin-Resource-Policy"] = crossOrigin
	}
	if d.status == http.StatusOK {
		h["Etag"] = e.etag
		if matches(r.Header["If-None-Match"], e.etag[0]) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h["Content-Type"] = d.contentType
	h["Content-Length"] = e.length
	if d.language != nil {
		h["Content-Language"] = d.language
	}
	if e.encoding != nil {
		h["Content-Encoding"] = e.encoding
	}
	w.WriteHeader(d.status)
	if r.Method != http.MethodHead {
		w.Write(e.body)
	}
}

// choose is the smallest representation the visitor takes: brotli before gzip.
func (d *document) choose(accepted string) *encoded {
	if d.packed == nil || accepted == "" {
		return &d.plain
	}
	var best *encoded
	switch {
	case accepts(accepted, codingBrotli):
		best = d.packed.brotli.get(d.packed, codingBrotli)
	case accepts(accepted, codingGzip):
		best = d.packed.gzip.get(d.packed, codingGzip)
	}
	if best == nil || len(best.body) >= len(d.body) {
		return &d.plain
	}
	return best
}

// accepts says whether an Accept-Encoding header names the coding and does not
// forbid it with a quality of zero.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, quality, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) != coding {
			continue
		}
		q, found := strings.CutPrefix(strings.TrimSpace(quality), "q=")
		return !found || strings.Trim(q, "0.") != ""
	}
	return false
}

// matches says whether an If-None-Match header names the tag.
func matches(headers []string, tag string) bool {
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			part = strings.TrimSpace(part)
			if part == "*" || strings.TrimPrefix(part, "W/") == tag {
				return true
			}
		}
	}
	return false
}
