//go:build !linux

package collector

import "testing"

// NewDatabase skips: how a server is started and ended is known for Linux alone.
func NewDatabase(t testing.TB) string {
	t.Helper()
	t.Skip("the tests start PostgreSQL on Linux only")
	return ""
}

// StopServer does nothing.
func StopServer() error { return nil }
