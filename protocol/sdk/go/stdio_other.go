//go:build !unix

package plugin

import "os"

// takeStreams replaces the variables only: what writes to the handle itself still reaches the protocol.
func takeStreams() (in, out *os.File, err error) {
	in, out = os.Stdin, os.Stdout
	if os.Stdin, err = os.Open(os.DevNull); err != nil {
		return nil, nil, err
	}
	os.Stdout = os.Stderr
	return in, out, nil
}
