package provenlog

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// writer passes Go values to the library's event writer, which sorts, escapes and redacts them.
type writer struct {
	out  nativeEvent
	path []container // the containers around the value being written, to detect cycles
}

type container struct {
	at   uintptr
	size int
	kind reflect.Type
}

const maxDepth = 128 // the core replaces a deeper container by a marker

func (w *writer) field(name string, value any) {
	w.out.key(name)
	w.value(reflect.ValueOf(value))
}

// value writes any Go value. It first tries types with a representation of their own, then the two interfaces of
// encoding/json, then the kind.
func (w *writer) value(v reflect.Value) {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	if !v.IsValid() || isNil(v) {
		w.out.null()
		return
	}
	if v.CanInterface() && w.special(v) {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		w.out.boolean(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.out.integer(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		w.out.digits(strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32: // write 0.1, not 0.10000000149011612, as encoding/json does
		shortest, _ := strconv.ParseFloat(strconv.FormatFloat(v.Float(), 'g', -1, 32), 64)
		w.out.double(shortest)
	case reflect.Float64:
		w.out.double(v.Float())
	case reflect.String:
		w.out.text(v.String())
	case reflect.Pointer:
		w.inside(v, v.Pointer(), 0, func() { w.value(v.Elem()) })
	case reflect.Map:
		w.inside(v, v.Pointer(), 0, func() { w.object(v) })
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			text, _ := json.Marshal(v.Bytes()) // base64
			w.out.json(string(text))
			return
		}
		w.inside(v, v.Pointer(), v.Len(), func() { w.array(v) })
	case reflect.Array:
		w.array(v)
	case reflect.Struct:
		w.members(v)
	default: // complex numbers, channels, functions, unsafe pointers
		w.unsupported(v, "no JSON value")
	}
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Chan, reflect.Func:
		return v.IsNil()
	}
	return false
}

// special writes a value whose type has a representation of its own. It returns false for any other value.
func (w *writer) special(v reflect.Value) bool {
	switch value := v.Interface().(type) {
	case time.Time:
		w.out.text(value.UTC().Format("2006-01-02T15:04:05.000000Z"))
	case time.Duration:
		w.out.text(isoDuration(value))
	case json.Number:
		w.number(string(value))
	case big.Int:
		w.out.digits(value.String())
	case *big.Int:
		w.out.digits(value.String())
	case json.Marshaler:
		// json.Marshal also checks what the method returns.
		w.guarded(v, func() (string, error) { text, err := json.Marshal(value); return string(text), err }, w.out.json)
	case encoding.TextMarshaler:
		w.guarded(v, func() (string, error) { text, err := value.MarshalText(); return string(text), err }, w.out.text)
	case error:
		w.err(v, value)
	default:
		return false
	}
	return true
}

func (w *writer) number(text string) {
	if json.Valid([]byte(text)) && text != "" && strings.IndexByte("-0123456789", text[0]) >= 0 {
		w.out.json(text)
	} else {
		w.out.text(text)
	}
}

// err writes an error as {"cause", "message", "type"}, as the other SDKs do.
func (w *writer) err(v reflect.Value, err error) {
	if w.out.depth() > maxDepth {
		w.out.truncated("depth")
		return
	}
	w.out.beginObject()
	w.out.key("message")
	w.guarded(v, func() (string, error) { return err.Error(), nil }, w.out.text)
	w.out.key("type")
	w.out.text(strings.TrimPrefix(v.Type().String(), "*"))
	if wrapper, ok := err.(interface{ Unwrap() error }); ok {
		if cause := w.cause(wrapper); cause != nil {
			w.out.key("cause")
			w.value(reflect.ValueOf(cause))
		}
	}
	w.out.endObject()
}

func (w *writer) cause(wrapper interface{ Unwrap() error }) (cause error) {
	defer func() { _ = recover() }()
	return wrapper.Unwrap()
}

// guarded runs a method of the caller's type. If it fails or panics, the value is written as text, and the event is
// recorded all the same.
func (w *writer) guarded(v reflect.Value, read func() (string, error), write func(string)) {
	text, err := func() (text string, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return read()
	}()
	if err != nil {
		w.unsupported(v, err.Error())
		return
	}
	write(text)
}

func (w *writer) unsupported(v reflect.Value, why string) {
	w.out.warn("unrepresentable", why)
	switch v.Kind() {
	case reflect.Complex64, reflect.Complex128:
		w.out.text(fmt.Sprint(v.Complex()))
	default:
		w.out.text("<" + v.Type().String() + ">")
	}
}

// inside writes a container, or a marker if the container contains itself.
func (w *writer) inside(v reflect.Value, at uintptr, size int, write func()) {
	this := container{at, size, v.Type()}
	for _, outer := range w.path {
		if outer == this {
			w.out.truncated("cycle")
			return
		}
	}
	w.path = append(w.path, this)
	write()
	w.path = w.path[:len(w.path)-1]
}

// tooDeep reports whether the depth limit is reached, and if so writes a marker.
func (w *writer) tooDeep() bool {
	if w.out.depth() < maxDepth {
		return false
	}
	w.out.truncated("depth")
	return true
}

func (w *writer) array(v reflect.Value) {
	if w.tooDeep() {
		return
	}
	w.out.beginArray()
	for i := 0; i < v.Len(); i++ {
		w.value(v.Index(i))
	}
	w.out.endArray()
}

func (w *writer) object(v reflect.Value) {
	if w.tooDeep() {
		return
	}
	w.out.beginObject()
	for entries := v.MapRange(); entries.Next(); {
		w.mapKey(entries.Key())
		w.value(entries.Value())
	}
	w.out.endObject()
}

func (w *writer) mapKey(key reflect.Value) {
	for key.Kind() == reflect.Interface && !key.IsNil() {
		key = key.Elem()
	}
	if key.Kind() == reflect.String {
		w.out.key(key.String())
		return
	}
	text := "<" + key.Type().String() + ">"
	if key.CanInterface() {
		func() {
			defer func() { _ = recover() }()
			if marshaler, ok := key.Interface().(encoding.TextMarshaler); ok {
				if own, err := marshaler.MarshalText(); err == nil {
					text = string(own)
				}
			} else if own, err := json.Marshal(key.Interface()); err == nil {
				text = string(own)
			}
		}()
	}
	w.out.coercedKey(text)
}

// members writes the fields of a struct as encoding/json does: exported fields, named by their tags.
func (w *writer) members(v reflect.Value) {
	if w.tooDeep() {
		return
	}
	w.out.beginObject()
	var named [][]int // indexes of skipped and of named fields: fields inside them are not promoted
	for _, field := range reflect.VisibleFields(v.Type()) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" && options == "" && !strings.HasSuffix(field.Tag.Get("json"), ",") {
			named = append(named, field.Index)
			continue
		}
		if within(named, field.Index) || !field.IsExported() && !field.Anonymous {
			continue
		}
		if field.Anonymous && name == "" && isStruct(field.Type) {
			continue // VisibleFields also returns its fields
		}
		if field.Anonymous {
			named = append(named, field.Index)
		}
		value, err := v.FieldByIndexErr(field.Index)
		if err != nil || !field.IsExported() || hasOption(options, "omitempty") && isEmpty(value) {
			continue
		}
		if name == "" {
			name = field.Name
		}
		w.out.key(name)
		if hasOption(options, "string") && isScalar(value) {
			w.out.text(fmt.Sprint(value.Interface()))
		} else {
			w.value(value)
		}
	}
	w.out.endObject()
}

func within(outer [][]int, index []int) bool {
	for _, o := range outer {
		if len(index) > len(o) && reflect.DeepEqual(index[:len(o)], o) {
			return true
		}
	}
	return false
}

func isStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct || t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct
}

func isScalar(v reflect.Value) bool { return v.Kind() >= reflect.Bool && v.Kind() <= reflect.Float64 }

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func hasOption(options, name string) bool {
	for _, option := range strings.Split(options, ",") {
		if option == name {
			return true
		}
	}
	return false
}

// isoDuration formats a duration in ISO 8601, with days of 24 hours: P1DT2H3.5S.
func isoDuration(d time.Duration) string {
	var text strings.Builder
	rest := uint64(d)
	if d < 0 {
		text.WriteByte('-')
		rest = -rest
	}
	text.WriteByte('P')
	part := func(unit time.Duration, letter byte) {
		if n := rest / uint64(unit); n > 0 {
			text.WriteString(strconv.FormatUint(n, 10))
			text.WriteByte(letter)
		}
		rest %= uint64(unit)
	}
	part(24*time.Hour, 'D')
	if rest > 0 || text.Len() < 3 {
		text.WriteByte('T')
		part(time.Hour, 'H')
		part(time.Minute, 'M')
		if rest > 0 || strings.HasSuffix(text.String(), "T") {
			seconds := strings.TrimRight(fmt.Sprintf("%d.%09d", rest/1e9, rest%1e9), "0")
			text.WriteString(strings.TrimSuffix(seconds, "."))
			text.WriteByte('S')
		}
	}
	return text.String()
}
