//go:build linux

package collector

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is the PostgreSQL server of this test binary. It starts when a test asks
// for a database, and TestMain ends it.
var server = sync.OnceValues(startServer)

var (
	serverStarted atomic.Bool
	databases     atomic.Int64
)

// postgresServer is a server that listens at a socket in its own folder alone.
type postgresServer struct {
	folder  string
	process *exec.Cmd
	log     *serverLog
}

// errNoPostgres is the error of a machine without PostgreSQL.
var errNoPostgres = errors.New("PostgreSQL is not installed")

// NewDatabase returns the address of an empty database that ends with the test.
// Where there is no PostgreSQL the test is skipped, or fails when
// PIXELWITNESS_POSTGRES is "required".
func NewDatabase(t testing.TB) string {
	t.Helper()
	serverStarted.Store(true)
	s, err := server()
	if errors.Is(err, errNoPostgres) && os.Getenv("PIXELWITNESS_POSTGRES") != "required" {
		t.Skipf("%v; PIXELWITNESS_POSTGRES=required makes this a failure", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("collector_%d", databases.Add(1))
	if err := s.exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return s.address(name)
}

// StopServer ends the server where one was started.
func StopServer() error {
	if !serverStarted.Load() {
		return nil
	}
	s, err := server()
	if err != nil {
		return nil // its test has told
	}
	return s.stop()
}

func (s *postgresServer) address(database string) string {
	return "postgres:///" + database + "?user=postgres&host=" + s.folder
}

func (s *postgresServer) exec(statement string) error {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, s.address("postgres"))
	if err != nil {
		return err
	}
	_, err = connection.Exec(ctx, statement)
	return errors.Join(err, connection.Close(ctx))
}

func startServer() (*postgresServer, error) {
	programs, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	identity, err := serverIdentity()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "pg") // short: a socket's path is
	if err != nil {
		return nil, err
	}
	if identity.Credential != nil {
		err = os.Chown(folder, int(identity.Credential.Uid), int(identity.Credential.Gid))
	}
	s := &postgresServer{folder: folder, log: &serverLog{ready: make(chan struct{})}}
	if err == nil {
		err = s.start(programs, identity)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

func (s *postgresServer) start(programs string, identity *syscall.SysProcAttr) error {
	data := filepath.Join(s.folder, "data")
	initialise := exec.Command(filepath.Join(programs, "initdb"), "--pgdata", data, "--username", "postgres",
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	initialise.Dir, initialise.SysProcAttr = s.folder, identity
	if out, err := initialise.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	s.process = exec.Command(filepath.Join(programs, "postgres"), "-D", data, "-k", s.folder,
		"-c", "listen_addresses=", "-c", "max_connections=200")
	s.process.Dir, s.process.SysProcAttr = s.folder, identity
	out, err := s.process.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	go s.log.read(out)
	select {
	case <-s.log.ready:
	case <-time.After(time.Minute):
	}
	if !s.log.isReady.Load() {
		return errors.Join(fmt.Errorf("postgres did not start: %s", s.log.text()), s.stop())
	}
	return nil
}

// stop ends the server: its sessions at once, then itself.
func (s *postgresServer) stop() error {
	err := s.process.Process.Signal(syscall.SIGINT)
	kill := time.AfterFunc(time.Minute, func() { _ = s.process.Process.Kill() })
	defer kill.Stop()
	<-s.log.done()
	return errors.Join(err, s.process.Wait(), os.RemoveAll(s.folder))
}

// serverLog reads what the server says.
type serverLog struct {
	mu      sync.Mutex
	lines   []string
	isReady atomic.Bool
	// ready is closed when the server is ready, or has ended.
	ready, ended chan struct{}
}

func (l *serverLog) done() chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended == nil {
		l.ended = make(chan struct{})
	}
	return l.ended
}

func (l *serverLog) read(from io.Reader) {
	var once sync.Once
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "ready to accept connections") {
			l.isReady.Store(true)
			once.Do(func() { close(l.ready) })
		}
		l.mu.Lock()
		l.lines = append(l.lines, lines.Text())
		l.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, from) // a line that is too long stops the scanner, not the server
	once.Do(func() { close(l.ready) })
	close(l.done())
}

func (l *serverLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// postgresPrograms finds the folder of the newest server, where Debian puts it
// or in the path.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return versionOf(b) - versionOf(a) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errNoPostgres
}

func versionOf(program string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(program))))
	return n
}

// serverIdentity says as whom the server runs: it refuses to be root. It ends
// with this process, however that ends.
func serverIdentity() (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoPostgres, err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attributes, nil
}
