package probes

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/expr-lang/expr"
)

// nearName is the function that compares places in expressions.
const nearName = "near"

// near(x, y, lon, lat, metres) says whether the place x, y of an answer is at
// most so far from lon, lat. All are degrees east and north, numbers or the
// texts in which many map services write them.
func nearFunction() expr.Option {
	return expr.Function(nearName, near, func(_, _, _, _, _ any) bool { return false })
}

func near(args ...any) (any, error) {
	if len(args) != 5 {
		return nil, errors.New("near needs five values: near(x, y, lon, lat, metres)")
	}
	var n [5]float64
	for i, arg := range args {
		v, err := number(arg)
		if err != nil {
			return nil, err
		}
		n[i] = v
	}
	for _, place := range [][2]float64{{n[0], n[1]}, {n[2], n[3]}} {
		if math.Abs(place[0]) > 180 || math.Abs(place[1]) > 90 {
			return nil, fmt.Errorf("%s, %s is no place in degrees east and north", formatNumber(place[0]), formatNumber(place[1]))
		}
	}
	return distance(n[0], n[1], n[2], n[3]) <= n[4], nil
}

// number reads a coordinate.
func number(v any) (float64, error) {
	var f float64
	var err error
	switch v := v.(type) {
	case int:
		f = float64(v)
	case float64:
		f = v
	case json.Number:
		f, err = v.Float64()
	case string:
		f, err = strconv.ParseFloat(v[:min(len(v), maxDigits)], 64)
	default:
		err = errors.New("not a number")
	}
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%s is no coordinate", describe(v))
	}
	return f, nil
}

// maxDigits is how much of a text is read as a number.
const maxDigits = 64

// earth is its mean radius in metres (IUGG).
const earth = 6371008.8

// distance is the way over a round earth in metres. Its error, at most half a
// percent, is nothing against the distances that are asked for.
func distance(lonA, latA, lonB, latB float64) float64 {
	const degree = math.Pi / 180
	north := math.Sin((latB - latA) * degree / 2)
	east := math.Sin((lonB - lonA) * degree / 2)
	h := north*north + math.Cos(latA*degree)*math.Cos(latB*degree)*east*east
	return 2 * earth * math.Asin(math.Sqrt(min(1, h)))
}
