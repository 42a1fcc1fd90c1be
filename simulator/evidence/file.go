package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// What can be wrong with an evidence file; every error of [Read] that is about
// the file's content is one of these.
var (
	// ErrTruncated: the end is missing.
	ErrTruncated = errors.New("evidence is truncated")
	// ErrVersion: it was written in another form than this version reads.
	ErrVersion = errors.New("evidence is in another form")
	// ErrAltered: it is not what was written.
	ErrAltered = errors.New("evidence was altered")
	// ErrForm: it is not evidence at all, or is malformed.
	ErrForm = errors.New("not well-formed evidence")
)

// FileError is an error of [Read], with its place and remedy.
type FileError struct {
	// File is the file's name, or "evidence" when the reader has none.
	File string
	// Line counts from 1.
	Line int
	// Kind is one of ErrTruncated, ErrVersion, ErrAltered and ErrForm.
	Kind error
	// Problem says what is wrong, Hint what to do about it.
	Problem, Hint string
}

// Error returns "file:line: problem", and the hint on a line of its own.
func (e *FileError) Error() string {
	return fmt.Sprintf("%s:%d: %s\nhint: %s", e.File, e.Line, e.Problem, e.Hint)
}

// Unwrap returns the kind of error.
func (e *FileError) Unwrap() error { return e.Kind }

// MaxLine is the longest line that is read or written, in bytes; a recorded body
// is far below it.
const MaxLine = 256 << 20

type footer struct {
	Records int    `json:"records"`
	SHA256  string `json:"sha256"`
}

// WriteFile writes the evidence into a file, whole or not at all: the file
// appears under its name only once its footer is written.
func WriteFile(path string, e *Evidence) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("cannot write evidence: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("cannot write evidence %s: %w", path, err)
		}
	}()
	if err := Write(f, e); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Write writes the evidence in its file form. An empty Schema is written as
// [Schema]; any other than that is an error, as is a line above [MaxLine].
//
// The form is NDJSON: UTF-8, one JSON object a line, each line
// ended by a newline, each object with exactly one key that says what it is.
//
//	{"header":{"schema":"pixelwitness/evidence/1", …}}   first, once
//	{"step":{…}}  {"request":{…}}  {"write":{…}}         any number, each kind
//	{"snapshot":{…}}  {"message":{…}}  {"fault":"…"}     in its own order
//	{"footer":{"records":N,"sha256":"…"}}                last, once
//
// The fields of a record are those of the types of this package. Spans of time
// are integers in nanoseconds, moments are RFC 3339. A body or payload is a
// string where it is valid UTF-8 and {"base64":"…"} where it is not; in any other
// text a byte that is not valid UTF-8 stands as the character U+10FE00 plus the
// byte. The footer counts the lines between header and footer, and holds the
// SHA-256, in hex, of all bytes before its own line. A file without its footer
// has been cut off and proves nothing: it is refused, as is one with a wrong
// count or hash, with an unknown kind or field, or with anything after the
// footer.
func Write(w io.Writer, e *Evidence) error {
	header := e.Header
	if header.Schema == "" {
		header.Schema = Schema
	}
	if header.Schema != Schema {
		return fmt.Errorf("cannot write evidence of the form %q, only %q", header.Schema, Schema)
	}
	out := lineWriter{w: bufio.NewWriter(w), hash: sha256.New()}
	out.line("header", rewrite(header, rewriter{text: escapeText}))
	writeAll(&out, "step", e.Steps)
	writeAll(&out, "request", e.Requests)
	writeAll(&out, "write", e.Writes)
	writeAll(&out, "snapshot", e.Snapshots)
	writeAll(&out, "message", e.Messages)
	writeAll(&out, "fault", e.Faults)
	out.line("footer", footer{Records: out.lines - 1, SHA256: hex.EncodeToString(out.hash.Sum(nil))})
	if out.err != nil {
		return out.err
	}
	return out.w.Flush()
}

func writeAll[T any](out *lineWriter, kind string, records []T) {
	for _, r := range records {
		out.line(kind, rewrite(r, rewriter{text: escapeText}))
	}
}

// lineWriter writes and hashes lines; it keeps the first error.
type lineWriter struct {
	w     *bufio.Writer
	hash  hash.Hash
	lines int
	err   error
}

func (o *lineWriter) line(kind string, record any) {
	if o.err != nil {
		return
	}
	value, err := marshalPlain(record)
	if err != nil {
		o.err = fmt.Errorf("cannot write a %s as JSON: %w", kind, err)
		return
	}
	line := make([]byte, 0, len(kind)+len(value)+8)
	line = fmt.Appendf(line, "{%q:%s}\n", kind, value)
	if len(line) > MaxLine {
		o.err = fmt.Errorf("a %s is too long for an evidence file: %d bytes", kind, len(line))
		return
	}
	o.lines++
	o.hash.Write(line)
	_, o.err = o.w.Write(line)
}

// ReadFile reads an evidence file. Its errors are those of [Read] and of opening
// the file.
func ReadFile(path string) (*Evidence, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read evidence: %w\nhint: give the path of a file that a run has written", err)
	}
	defer func() { _ = f.Close() }()
	return Read(f)
}

// Read reads evidence in its file form, strictly. What is wrong with it is a
// [FileError]; a reader with a Name method, such as a file, is named in it.
func Read(r io.Reader) (*Evidence, error) {
	return readLimited(r, MaxLine)
}

func readLimited(r io.Reader, limit int) (*Evidence, error) {
	in := &lineReader{r: bufio.NewReaderSize(r, 64<<10), limit: limit, file: "evidence", hash: sha256.New()}
	if named, ok := r.(interface{ Name() string }); ok && named.Name() != "" {
		in.file = named.Name()
	}
	e := &Evidence{}
	if err := in.header(e); err != nil {
		return nil, err
	}
	for {
		line, err := in.next()
		if err != nil {
			return nil, err
		}
		kind, value, err := in.open(line)
		if err != nil {
			return nil, err
		}
		if kind == "footer" {
			if err := in.footer(value); err != nil {
				return nil, err
			}
			return e, nil
		}
		if err := in.record(e, kind, value); err != nil {
			return nil, err
		}
		in.hash.Write(line)
	}
}

// lineReader reads lines and knows where it is.
type lineReader struct {
	r     *bufio.Reader
	limit int
	file  string
	lines int
	hash  hash.Hash
}

func (in *lineReader) fail(kind error, hint, format string, args ...any) error {
	return &FileError{File: in.file, Line: max(in.lines, 1), Kind: kind, Problem: fmt.Sprintf(format, args...), Hint: hint}
}

const (
	hintRunAgain = "run the scenario again to record the evidence anew"
	hintKind     = "give a file that pixelwitness has written; the records are header, step, request, write, snapshot, message, fault, footer"
	hintUnedited = "use the file as it was recorded; evidence is not edited"
)

// next returns the next line with its newline.
func (in *lineReader) next() ([]byte, error) {
	var line []byte
	in.lines++
	for {
		part, err := in.r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > in.limit {
			return nil, in.fail(ErrForm, hintKind, "line is longer than %d bytes", in.limit)
		}
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && in.lines == 1 && len(line) == 0:
			return nil, in.fail(ErrTruncated, hintRunAgain, "the file is empty")
		case errors.Is(err, io.EOF):
			return nil, in.fail(ErrTruncated, hintRunAgain, "the file is truncated: its footer is missing")
		default:
			return nil, fmt.Errorf("%s:%d: cannot read evidence: %w", in.file, in.lines, err)
		}
	}
}

// open takes a line apart into its one key and value.
func (in *lineReader) open(line []byte) (kind string, value json.RawMessage, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	if t, err := decoder.Token(); err != nil || t != json.Delim('{') {
		return "", nil, in.fail(ErrForm, hintKind, "not a record: want one JSON object a line")
	}
	t, err := decoder.Token()
	kind, ok := t.(string)
	if err != nil || !ok {
		return "", nil, in.fail(ErrForm, hintKind, "not a record: want an object with one key")
	}
	if err := decoder.Decode(&value); err != nil {
		return "", nil, in.fail(ErrForm, hintKind, "broken %q record: %s", shorten(kind), tidy(err))
	}
	if t, err := decoder.Token(); err != nil || t != json.Delim('}') {
		return "", nil, in.fail(ErrForm, hintKind, "not a record: want an object with one key, %q has more", shorten(kind))
	}
	if decoder.More() {
		return "", nil, in.fail(ErrForm, hintKind, "something stands after the %q record", shorten(kind))
	}
	return kind, value, nil
}

func (in *lineReader) header(e *Evidence) error {
	line, err := in.next()
	if err != nil {
		return err
	}
	kind, value, err := in.open(line)
	if err != nil {
		return err
	}
	if kind != "header" {
		return in.fail(ErrForm, hintKind, "no header: the first record is %q", shorten(kind))
	}
	// The schema is looked at before anything else, since another form may
	// have other fields.
	var form struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(value, &form); err != nil || form.Schema == "" {
		return in.fail(ErrForm, hintKind, "the header names no schema")
	}
	if form.Schema != Schema {
		return in.fail(ErrVersion, "judge it with the version of pixelwitness that recorded it, or run the scenario again",
			"made by a newer or older version: schema %q, this version reads %q", shorten(form.Schema), Schema)
	}
	in.hash.Write(line)
	return in.record(e, kind, value)
}

func (in *lineReader) record(e *Evidence, kind string, value json.RawMessage) error {
	var err error
	switch kind {
	case "header":
		if in.lines > 1 {
			return in.fail(ErrForm, hintUnedited, "a second header")
		}
		e.Header, err = decodeRecord[Header](value)
	case "step":
		err = appendRecord(&e.Steps, value)
	case "request":
		err = appendRecord(&e.Requests, value)
	case "write":
		err = appendRecord(&e.Writes, value)
	case "snapshot":
		err = appendRecord(&e.Snapshots, value)
	case "message":
		err = appendRecord(&e.Messages, value)
	case "fault":
		err = appendRecord(&e.Faults, value)
	default:
		return in.fail(ErrForm, hintKind, "unknown record %q", shorten(kind))
	}
	if err != nil {
		return in.fail(ErrForm, hintKind, "broken %q record: %s", kind, tidy(err))
	}
	return nil
}

func (in *lineReader) footer(value json.RawMessage) error {
	var f footer
	if err := unmarshalStrict(value, &f); err != nil {
		return in.fail(ErrForm, hintUnedited, "broken footer: %s", tidy(err))
	}
	if held := in.lines - 2; f.Records != held {
		return in.fail(ErrAltered, hintUnedited, "the footer counts %d records, the file holds %d", f.Records, held)
	}
	if sum := hex.EncodeToString(in.hash.Sum(nil)); f.SHA256 != sum {
		return in.fail(ErrAltered, hintUnedited, "the content's hash is not the footer's")
	}
	if _, err := in.r.ReadByte(); err == nil {
		in.lines++
		return in.fail(ErrAltered, hintUnedited, "something stands after the footer")
	} else if !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:%d: cannot read evidence: %w", in.file, in.lines, err)
	}
	return nil
}

func appendRecord[T any](list *[]T, value json.RawMessage) error {
	record, err := decodeRecord[T](value)
	if err == nil {
		*list = append(*list, record)
	}
	return err
}

func decodeRecord[T any](value json.RawMessage) (T, error) {
	var record T
	if err := unmarshalStrict(value, &record); err != nil {
		return record, err
	}
	return rewrite(record, rewriter{text: unescapeText}), nil
}

func unmarshalStrict(value []byte, into any) error {
	if bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
		return errors.New("it is null")
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

func tidy(err error) string { return strings.TrimPrefix(err.Error(), "json: ") }

// shorten keeps a foreign word from filling a message.
func shorten(word string) string {
	if len(word) > 60 {
		return word[:60] + "…"
	}
	return word
}
