//go:build unix && !linux

package plugin

import "syscall"

func redirect(from, to int) error { return syscall.Dup2(from, to) }
