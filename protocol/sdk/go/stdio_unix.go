//go:build unix

package plugin

import (
	"fmt"
	"os"
	"syscall"
)

// takeStreams takes the protocol's two streams away from everything else in the process: a stray print, or a child that
// inherits stdout, must not get between two frames, and a child that inherits stdin must not eat one. They move to
// descriptors that children do not inherit; descriptor 0 then reads nothing and descriptor 1 leads to stderr.
func takeStreams() (in, out *os.File, err error) {
	input, err := private(0)
	if err != nil {
		return nil, nil, fmt.Errorf("stdin: %w", err)
	}
	output, err := private(1)
	if err != nil {
		return nil, nil, fmt.Errorf("stdout: %w", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close()
	if err := redirect(int(null.Fd()), 0); err != nil {
		return nil, nil, err
	}
	if err := redirect(2, 1); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(input), "stdin"), os.NewFile(uintptr(output), "stdout"), nil
}

func private(descriptor int) (int, error) {
	// Keeps a child from being started between the two calls, and inheriting the copy.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	copied, err := syscall.Dup(descriptor)
	if err == nil {
		syscall.CloseOnExec(copied)
	}
	return copied, err
}
