package plugin

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Source: protocol/README.md, "Framing".
const maxHeaderBytes = 4096

// brokenFrame: the input is not in step with the protocol, and can not be again.
type brokenFrame struct{ what string }

func (b *brokenFrame) Error() string { return "stdin is not in step with the protocol: " + b.what }

func broken(format string, values ...any) error { return &brokenFrame{fmt.Sprintf(format, values...)} }

// readFrame returns the next body, or io.EOF when the input ended between two frames.
func readFrame(in *bufio.Reader, limit int64) ([]byte, error) {
	length, err := readHeader(in)
	if err != nil {
		return nil, err
	}
	if length > limit {
		return nil, broken("a frame of %d bytes; the limit is %d", length, limit)
	}
	// Grows with what arrives: a header alone must not cost its number in memory.
	var body bytes.Buffer
	body.Grow(int(min(length, 64<<10)) + bytes.MinRead)
	got, err := body.ReadFrom(io.LimitReader(in, length))
	if err != nil {
		return nil, err
	}
	if got < length {
		return nil, broken("the input ended after %d of %d bytes", got, length)
	}
	return body.Bytes(), nil
}

func readHeader(in *bufio.Reader) (int64, error) {
	length, used := int64(-1), 0
	for {
		line, err := readLine(in, maxHeaderBytes-used)
		if err == io.EOF && used == 0 && line == "" {
			return 0, io.EOF
		}
		if err != nil && err != io.EOF {
			return 0, err
		}
		used += len(line)
		text, whole := strings.CutSuffix(line, "\r\n")
		switch {
		case !whole && used >= maxHeaderBytes:
			return 0, broken("a header of more than %d bytes", maxHeaderBytes)
		case !whole:
			return 0, broken("a header line that does not end in CR LF: %.60q", line)
		case text == "" && length < 0:
			return 0, broken("a header without Content-Length")
		case text == "":
			return length, nil
		}
		name, value, colon := strings.Cut(text, ":")
		if !colon {
			return 0, broken("a header line without a colon: %.60q", text)
		}
		if !strings.EqualFold(name, "Content-Length") {
			continue
		}
		if length >= 0 {
			return 0, broken("Content-Length twice in one header")
		}
		if length, err = parseLength(strings.Trim(value, " \t")); err != nil {
			return 0, err
		}
	}
}

// readLine reads up to and with a line end, but at most so many bytes.
func readLine(in *bufio.Reader, most int) (string, error) {
	var line []byte
	for len(line) < most {
		next, err := in.ReadByte()
		if err != nil {
			return string(line), err
		}
		line = append(line, next)
		if next == '\n' {
			break
		}
	}
	return string(line), nil
}

func parseLength(digits string) (int64, error) {
	length, err := strconv.ParseInt(digits, 10, 64)
	// ParseInt alone would take "+5".
	if err != nil && !errors.Is(err, strconv.ErrRange) || digits == "" || digits[0] < '0' || digits[0] > '9' {
		return 0, broken("Content-Length %.60q", digits)
	}
	return length, nil
}

func frame(body []byte) []byte {
	return append([]byte("Content-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"), body...)
}
