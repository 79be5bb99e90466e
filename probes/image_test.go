package probes_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"
	"time"

	"bongsu/probes"
)

// picture draws a picture of one colour, with a line in another one if it is
// not flat.
func picture(width, height int, flat bool) image.Image {
	img := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Gray{0xee}, color.RGBA{0x20, 0x60, 0xa0, 0xff}})
	if !flat {
		for x := range width {
			img.SetColorIndex(x, height/2, 1)
		}
	}
	return img
}

func encoded(t testing.TB, encode func(io.Writer, image.Image) error, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(w io.Writer, img image.Image) error { return jpeg.Encode(w, img, nil) }

func asGIF(w io.Writer, img image.Image) error { return gif.Encode(w, img, nil) }

// pictures is a tile in each format.
func pictures(t testing.TB) map[string][]byte {
	tile := picture(256, 256, false)
	return map[string][]byte{"png": encoded(t, png.Encode, tile), "jpeg": encoded(t, asJPEG, tile), "gif": encoded(t, asGIF, tile)}
}

func showingTile(body func(t *testing.T) []byte) func(*testing.T, *authority) string {
	return func(t *testing.T, _ *authority) string {
		return get(serve(t, says(200, string(body(t)), "Content-Type", "image/png")).URL, tileExpected)
	}
}

const tileExpected = `, expect: ["image.format in ['png', 'jpeg', 'gif'] && image.width == 256 && image.height == 256", "!image.flat"]`

// enormous is a small file that says it is a large picture.
func enormous(*testing.T) []byte {
	return []byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff")
}

var imageFaults = []faultCase{
	{name: "a tile in PNG", kind: "GET", want: probes.OK, step: showingTile(func(t *testing.T) []byte { return pictures(t)["png"] })},
	{name: "a tile in JPEG", kind: "GET", want: probes.OK, step: showingTile(func(t *testing.T) []byte { return pictures(t)["jpeg"] })},
	{name: "a tile in GIF", kind: "GET", want: probes.OK, step: showingTile(func(t *testing.T) []byte { return pictures(t)["gif"] })},
	{name: "an empty tile", kind: "GET", want: probes.Wrong, reason: "but image.flat is true", step: showingTile(func(t *testing.T) []byte {
		return encoded(t, png.Encode, picture(256, 256, true))
	})},
	{name: "an empty tile with losses", kind: "GET", want: probes.Wrong, reason: "but image.flat is true", step: showingTile(func(t *testing.T) []byte {
		return encoded(t, asJPEG, picture(256, 256, true))
	})},
	{name: "a tile of another size", kind: "GET", want: probes.Wrong, reason: "image.width is 1", step: showingTile(func(t *testing.T) []byte {
		return encoded(t, png.Encode, picture(1, 1, true))
	})},
	{name: "half a tile", kind: "GET", want: probes.Wrong, reason: "the image is broken", step: showingTile(func(t *testing.T) []byte {
		body := pictures(t)["png"]
		return body[:len(body)/2]
	})},
	{name: "a page instead of a tile", kind: "GET", want: probes.Wrong, reason: "the body is no PNG, JPEG or GIF image: \"<html>", step: showingTile(func(*testing.T) []byte { return []byte("<html>maintenance") })},
	{name: "nothing instead of a tile", kind: "GET", want: probes.Wrong, reason: "the body is no PNG, JPEG or GIF image", step: showingTile(func(*testing.T) []byte { return nil })},
	{name: "a picture beyond all bounds", kind: "GET", want: probes.Wrong, reason: "has 65535 by 65535 pixels", step: showingTile(enormous)},
	{name: "a JPEG of endless scans", kind: "GET", want: probes.Wrong, reason: "more than 64 scans", step: showingTile(func(t *testing.T) []byte {
		return append(pictures(t)["jpeg"], bytes.Repeat([]byte{0xff, 0xda}, 100)...)
	})},
	{name: "a format that is not read here", kind: "GET", want: probes.Inconclusive, reason: "a WebP image, which is not decoded here", step: showingTile(func(*testing.T) []byte {
		return []byte("RIFF\x1a\x00\x00\x00WEBPVP8L")
	})},
	{name: "a tile beyond its bound", kind: "GET", want: probes.Wrong, reason: "longer than 100 bytes (max_body)", step: func(t *testing.T, _ *authority) string {
		return get(serve(t, says(200, string(pictures(t)["png"]))).URL, ", max_body: 100", tileExpected)
	}},
	{name: "a place that is near", kind: "GET", want: probes.OK, step: answering(says(200, `{"x":"126.9784","y":37.5667}`), ", expect: [\"near(json.x, json.y, 126.9780, 37.5665, 200)\"]")},
	{name: "a place that is far", kind: "GET", want: probes.Wrong, reason: "json.x is 129.0756", step: answering(says(200, `{"x":129.0756,"y":35.1796}`), ", expect: [\"near(json.x, json.y, 126.9780, 37.5665, 200)\"]")},
	{name: "a place that is nowhere", kind: "GET", want: probes.Wrong, reason: "another shape", step: answering(says(200, `{"x":1e9,"y":"north"}`), ", expect: [\"near(json.x, json.y, 126.9780, 37.5665, 200)\"]")},
	{name: "no place at all", kind: "GET", want: probes.Wrong, reason: "another shape", step: answering(says(200, `{}`), ", expect: [\"near(json.x, json.y, 126.9780, 37.5665, 200)\"]")},
}

// Distances between cities, by the haversine formula on a sphere of 6371 km.
func TestNear(t *testing.T) {
	for _, c := range []struct {
		place  string
		metres int
		want   probes.Outcome
	}{
		{"129.0756, 35.1796", 325_500, probes.OK},    // Busan from Seoul
		{"129.0756, 35.1796", 324_500, probes.Wrong}, //
		{"'126.9780', '37.5665'", 0, probes.OK},
		{"-179.9, 0", 20_000_000, probes.OK},
	} {
		check := newCheck(t, get(serve(t, says(200, "")).URL, fmt.Sprintf(", expect: [\"near(%s, 126.9780, 37.5665, %d)\"]", c.place, c.metres)))
		if r := check.Probe(t.Context(), time.Now()); r.Outcome != c.want {
			t.Errorf("near(%s) within %d m: %q %q, want %q", c.place, c.metres, r.Outcome, r.Reason, c.want)
		}
	}
}

// Whatever coordinates an answer has, comparing them ends in an outcome.
func FuzzNear(f *testing.F) {
	f.Add(`{"x":"126.97","y":37.56}`, "0", "0", "1")
	f.Add(`{"x":1e400,"y":"NaN"}`, "180", "-90", "1e308")
	f.Add(`{"x":[1],"y":{}}`, "'0x1p-2'", "nonce", "-1")
	f.Fuzz(func(t *testing.T, body, lon, lat, metres string) {
		step := probes.Kinds()[0].New(serve(t, says(200, body)).URL).(*probes.HTTP)
		step.Expect = []string{fmt.Sprintf("near(json.x, json.y, %s, %s, %s)", lon, lat, metres)}
		if len(probes.Problems([]probes.Step{step})[0]) > 0 {
			return
		}
		checkEvidence(t, (&probes.Check{Steps: []probes.Step{step}}).Probe(t.Context(), time.Now()))
	})
}

// Whatever bytes come as an image, looking at it ends in time.
func FuzzImage(f *testing.F) {
	for _, body := range pictures(f) {
		f.Add(body)
	}
	f.Add([]byte("GIF89a\xff\xff\xff\xff\x80\x00\x00"))
	f.Add(bytes.Repeat([]byte{0xff, 0xda}, 100))
	f.Fuzz(func(t *testing.T, body []byte) {
		began := time.Now()
		check := newCheck(t, get(serve(t, says(200, string(body))).URL, ", expect: [\"image.width > 0 && !image.flat\"]"))
		checkEvidence(t, check.Probe(t.Context(), began))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
