package plugin

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"
)

func framesOf(input string) (bodies []string, err error) {
	in := bufio.NewReader(strings.NewReader(input))
	for {
		body, err := readFrame(in, 1000)
		if err == io.EOF {
			return bodies, nil
		}
		if err != nil {
			return bodies, err
		}
		bodies = append(bodies, string(body))
	}
}

func TestFramesFollowEachOtherAndHeaderNamesHaveNoCase(t *testing.T) {
	bodies, err := framesOf("Content-Length: 2\r\n\r\n{}content-LENGTH:3\r\nContent-Type: x\r\n\r\n[1]")
	if err != nil || !slices.Equal(bodies, []string{"{}", "[1]"}) {
		t.Fatal(bodies, err)
	}
	if bodies, err := framesOf(""); bodies != nil || err != nil {
		t.Fatal(bodies, err)
	}
}

func TestWhatIsFramedIsReadBack(t *testing.T) {
	bodies, err := framesOf(string(frame([]byte(`{"é":1}`))))
	if err != nil || !slices.Equal(bodies, []string{`{"é":1}`}) {
		t.Fatal(bodies, err)
	}
}

func TestABrokenFrameIsNamed(t *testing.T) {
	for input, named := range map[string]string{
		"Content-Length: -1\r\n\r\n":                       `Content-Length "-1"`,
		"Content-Length: +5\r\n\r\n":                       `Content-Length "+5"`,
		"Content-Length: 12abc\r\n\r\n":                    `Content-Length "12abc"`,
		"Content-Length: \r\n\r\n":                         `Content-Length ""`,
		"Content-Length: 99999999999999999999999\r\n\r\n":  "the limit is 1000",
		"Content-Length: 1001\r\n\r\n":                     "the limit is 1000",
		"Content-Length: 2\n\n{}":                          "CR LF",
		"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}": "twice",
		"hello\r\n\r\n":                                    "without a colon",
		"X: 1\r\n\r\n":                                     "without Content-Length",
		"Content-Length: 5\r\n\r\n{}":                      "ended after 2 of 5",
		"Content-Le":                                       "CR LF",
		strings.Repeat("x", 1_000_000):                     "more than 4096 bytes",
		strings.Repeat("X: 1\r\n", 1000) + "\r\n":          "more than 4096 bytes",
	} {
		if _, err := framesOf(input); err == nil || !strings.Contains(err.Error(), named) {
			t.Errorf("%.60q: %v does not name %q", input, err, named)
		}
	}
}
