package probes

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	// The formats that are decoded.
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
)

// What decoding an image may cost.
const (
	maxPixels = 4 << 20 // 2048 by 2048, the largest static map in common use; 32 MiB at most once decoded
	maxScans  = 64      // of a JPEG, each of which walks all pixels; an encoder writes about ten
)

// flatTolerance is by how much of 65535 the pixels of one flat colour may
// differ: what a compression with losses does to it.
const flatTolerance = 3 << 8

// decodeImage is what expectations may say of an image. The whole of it is
// decoded, since half a tile is as bad as none.
func decodeImage(body []byte) (map[string]any, error) {
	if isWebP(body) {
		return nil, &settingError{"the body is a WebP image, which is not decoded here; ask for PNG or JPEG, or expect of body and headers"}
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the body is no PNG, JPEG or GIF image")
	}
	if int64(config.Width)*int64(config.Height) > maxPixels {
		return nil, fmt.Errorf("the image has %d by %d pixels, and at most %d in all are decoded", config.Width, config.Height, maxPixels)
	}
	if format == "jpeg" && bytes.Count(body, []byte{0xff, 0xda}) > maxScans {
		return nil, fmt.Errorf("the JPEG has more than %d scans", maxScans)
	}
	whole, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("the image is broken (%w)", err)
	}
	return map[string]any{
		"format": format,
		"width":  config.Width,
		"height": config.Height,
		"flat":   isFlat(whole),
		"bytes":  len(body),
	}, nil
}

func isWebP(body []byte) bool {
	const name = 8 // where the format stands in a RIFF file
	return bytes.HasPrefix(body, []byte("RIFF")) && len(body) > name && bytes.HasPrefix(body[name:], []byte("WEBP"))
}

// isFlat says whether the image is of one colour. A map or a photograph is
// found out at its first few pixels.
func isFlat(img image.Image) bool {
	at := pixels(img)
	bounds := img.Bounds()
	first := at(bounds.Min.X, bounds.Min.Y)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if !alike(first, at(x, y)) {
				return false
			}
		}
	}
	return true
}

// pixels reads pixels without an allocation for each, where the image can.
func pixels(img image.Image) func(x, y int) color.RGBA64 {
	if direct, ok := img.(image.RGBA64Image); ok {
		return direct.RGBA64At
	}
	return func(x, y int) color.RGBA64 {
		r, g, b, a := img.At(x, y).RGBA()
		return color.RGBA64{R: uint16(r), G: uint16(g), B: uint16(b), A: uint16(a)} //nolint:gosec // RGBA returns 16 bits each
	}
}

func alike(a, b color.RGBA64) bool {
	near := func(a, b uint16) bool { return max(a, b)-min(a, b) <= flatTolerance }
	return near(a.R, b.R) && near(a.G, b.G) && near(a.B, b.B) && near(a.A, b.A)
}
