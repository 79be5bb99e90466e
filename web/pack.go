package web

import (
	"bytes"
	"io"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// Compression levels: gzip's best, and the brotli level past which 50 KB of
// page cost more than 5 ms.
const (
	gzipLevel   = gzip.BestCompression
	brotliLevel = 5
)

// The codings' names in HTTP.
const (
	codingGzip   = "gzip"
	codingBrotli = "br"
)

// packs are a document's compressed representations. Each is made when it is
// first asked for: most documents of most editions are replaced before anybody
// has asked.
type packs struct {
	body         []byte
	tag          string
	gzip, brotli pack
}

// pack is one of them. Visitors who come at the same time wait for one making.
type pack struct {
	once sync.Once
	made atomic.Pointer[encoded]
}

func (p *pack) get(of *packs, coding string) *encoded {
	if e := p.made.Load(); e != nil {
		return e
	}
	p.once.Do(func() {
		e := newEncoded(squeezed(of.body, coding), of.tag, coding)
		p.made.Store(&e)
	})
	return p.made.Load()
}

// as makes ready what was asked for of another document, which this one takes
// the place of: whoever reads a page is likely to read its next edition.
func (p *packs) as(before *packs) {
	if before.gzip.made.Load() != nil {
		p.gzip.get(p, codingGzip)
	}
	if before.brotli.made.Load() != nil {
		p.brotli.get(p, codingBrotli)
	}
}

// squeezed is the body in a coding. Should that fail, which into memory it
// cannot, it is the body itself, which no visitor is then sent as compressed.
func squeezed(body []byte, coding string) []byte {
	var out bytes.Buffer
	w, err := squeezer(&out, coding, len(body))
	if err != nil {
		return body
	}
	if _, err := w.Write(body); err != nil {
		return body
	}
	if err := w.Close(); err != nil {
		return body
	}
	return bytes.Clone(out.Bytes()) // the buffer may have room for twice as much
}

func squeezer(to io.Writer, coding string, size int) (io.WriteCloser, error) {
	if coding == codingBrotli {
		return brotli.NewWriterOptions(to, brotli.WriterOptions{Quality: brotliLevel, LGWin: window(size)}), nil
	}
	return gzip.NewWriterLevel(to, gzipLevel)
}

// window is the logarithm of the smallest brotli window that sees all of a
// body: the compressor takes memory in proportion to it.
func window(size int) int {
	const least, most, margin = 10, 22, 16                    // the window is 16 bytes smaller than its power of two
	return min(max(bits.Len(uint(size+margin)), least), most) // a length is not negative
}
