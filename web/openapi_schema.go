package web

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/status"
)

// schema is a JSON Schema of draft 2020-12, which OpenAPI 3.1 uses as it is.
type schema map[string]any

// schemas makes them of the types that answers are written from and requests
// are read into, so that the document cannot say anything else.
type schemas struct {
	named map[string]schema
	types map[string]reflect.Type
	// closed has answers name every field, which tests want. In the document
	// fields may be added.
	closed bool
}

// wordsOf are the values of types of words.
var wordsOf = map[reflect.Type][]string{
	reflect.TypeFor[appnotice.State]():    {string(appnotice.Proposed), string(appnotice.Approved), string(appnotice.Refused)},
	reflect.TypeFor[appnotice.Kind]():     {string(appnotice.KindText), string(appnotice.KindNumber), string(appnotice.KindLink)},
	reflect.TypeFor[appnotice.Progress](): {string(appnotice.StatePlanning), string(appnotice.StateSending), string(appnotice.StateEnded), string(appnotice.StateCancelled)},
	reflect.TypeFor[appnotice.Outcome](): {
		string(appnotice.OutWaiting), string(appnotice.OutHanded), string(appnotice.OutDelivered), string(appnotice.OutFailed),
		string(appnotice.OutUnknown), string(appnotice.OutCancelled), string(appnotice.OutNoAddress),
	},
}

// titles are the names of types whose own would say little beside the others.
var titles = map[reflect.Type]string{
	reflect.TypeFor[appnotice.View]():    "Notice",
	reflect.TypeFor[appnotice.Placed]():  "NoticeAccepted",
	reflect.TypeFor[appnotice.Order]():   "NewNotice",
	reflect.TypeFor[appnotice.Words]():   "TemplateWords",
	reflect.TypeFor[appnotice.Param]():   "TemplateParameter",
	reflect.TypeFor[appnotice.Worded]():  "NoticeText",
	reflect.TypeFor[appnotice.Way]():     "QuoteWay",
	reflect.TypeFor[appnotice.Left]():    "QuoteLeft",
	reflect.TypeFor[appnotice.Fault]():   "UploadFault",
	reflect.TypeFor[appnotice.Result]():  "NoticeResult",
	reflect.TypeFor[notifier.Class]():    "Class",
	reflect.TypeFor[problemValue]():      "ProblemValue",
	reflect.TypeFor[status.Correction](): "Correction",
}

// title is what the document calls a type.
func title(t reflect.Type) string {
	if name := titles[t]; name != "" {
		return name
	}
	name := strings.TrimPrefix(t.Name(), "api")
	first := []rune(name)
	first[0] = unicode.ToUpper(first[0])
	return string(first)
}

// of is the schema of a type; structs are named and referred to.
func (s *schemas) of(t reflect.Type, open bool) schema {
	switch {
	case t.Kind() == reflect.Pointer:
		return schema{"anyOf": []schema{s.of(t.Elem(), open), {"type": "null"}}}
	case t == reflect.TypeFor[time.Time]():
		return schema{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[appnotice.Value]():
		return schema{"oneOf": []schema{{"type": "string"}, {"type": "object", "additionalProperties": schema{"type": "string"}}}}
	case wordsOf[t] != nil:
		return schema{"type": "string", "enum": wordsOf[t]}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return textSchema(t)
	}
	switch t.Kind() {
	case reflect.Slice:
		return schema{"type": "array", "items": s.of(t.Elem(), open)}
	case reflect.Map:
		kind := []string{"object"}
		if open {
			kind = append(kind, "null") // a text that nobody has written
		}
		return schema{"type": kind, "additionalProperties": s.of(t.Elem(), open)}
	case reflect.Struct:
		return s.refer(t, open)
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Float64:
		return schema{"type": "number"}
	case reflect.String:
		return schema{"type": "string"}
	default:
	}
	panic(fmt.Sprintf("web: the API has a %s, which its document does not know", t))
}

// textSchema lists the words that a counted type has.
func textSchema(t reflect.Type) schema {
	var words []string
	v := reflect.New(t).Elem()
	for n := uint64(0); n < 64 && t.Kind() == reflect.Uint8; n++ {
		v.SetUint(n)
		marshaler, ok := reflect.TypeAssert[encoding.TextMarshaler](v)
		if !ok {
			break
		}
		text, err := marshaler.MarshalText()
		if err != nil || slices.Contains(words, string(text)) {
			break
		}
		words = append(words, string(text))
	}
	if len(words) == 0 {
		return schema{"type": "string"}
	}
	return schema{"type": "string", "enum": words}
}

// refer names a struct's schema, making it if there is none.
func (s *schemas) refer(t reflect.Type, open bool) schema {
	name := title(t)
	if known, taken := s.types[name]; taken && known != t {
		panic(fmt.Sprintf("web: the API's document calls both %s and %s %s", known, t, name))
	}
	if s.types[name] == nil {
		s.types[name] = t
		s.named[name] = s.object(t, open)
	}
	return schema{"$ref": "#/components/schemas/" + name}
}

func (s *schemas) object(t reflect.Type, open bool) schema {
	properties, required := map[string]schema{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		properties[name] = s.of(f.Type, open)
		if !strings.Contains(options, "omitempty") && open {
			required = append(required, name)
		}
	}
	o := schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		slices.Sort(required)
		o["required"] = required
	}
	if !open || s.closed {
		o["additionalProperties"] = false
	}
	return o
}
