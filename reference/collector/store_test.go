package collector

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

// closing opens a store that ends with the test.
func closing(t *testing.T, path string) *store {
	t.Helper()
	s, err := openStore(path, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestFileIsSyncedAtEachCommit(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	s := closing(t, filepath.Join(t.TempDir(), "hits.db"))
	var mode string
	var synchronous int
	expect.Expect(s.write.QueryRow("PRAGMA journal_mode").Scan(&mode)).To(Succeed())
	expect.Expect(s.write.QueryRow("PRAGMA synchronous").Scan(&synchronous)).To(Succeed())
	expect.Expect(mode).To(Equal("wal"))
	expect.Expect(synchronous).To(Equal(2), "2 is FULL")
}

func TestStoresInMemoryAreApart(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	one, other := closing(t, ""), closing(t, "")
	expect.Expect(one.add(t.Context(), arrival{hit: Hit{Page: "home"}})).To(Succeed())
	hits, err := other.hits(t.Context(), Query{})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(hits).To(BeEmpty())
}

// TestWaitingChangesShareOneTransaction holds the writer up with a first change,
// so that all the others wait together.
func TestWaitingChangesShareOneTransaction(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	s := closing(t, "")
	running, release := make(chan struct{}), make(chan struct{})
	results := make(chan error, 5)
	broken := errors.New("broken")
	var transactions []transaction
	go func() {
		results <- s.commits.do(context.Background(), func(*work) error {
			close(running)
			<-release
			return nil
		})
	}()
	<-running
	waiting := make([]pending, 4)
	for i := range waiting {
		waiting[i] = pending{result: make(chan error, 1), change: func(w *work) error {
			transactions = append(transactions, w.tx)
			if i == 2 {
				return broken
			}
			row, err := rowOf(Hit{Page: "home"})
			if err != nil {
				return err
			}
			return w.exec(insertHit, row...)
		}}
		expect.Expect(s.commits.enqueue(t.Context(), waiting[i])).To(Succeed())
	}
	close(release)
	expect.Expect(<-results).To(Succeed())
	for i, p := range waiting {
		if i == 2 {
			expect.Expect(<-p.result).To(MatchError(broken))
		} else {
			expect.Expect(<-p.result).To(Succeed(), "one that cannot be done harms no other")
		}
	}
	expect.Expect(transactions).To(HaveLen(3 + 4))
	expect.Expect(transactions[0] == transactions[1] && transactions[1] == transactions[2]).To(BeTrue(), "they began together")
	hits, err := s.hits(t.Context(), Query{})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(hits).To(HaveLen(3))
}

func TestGivenUpChangeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	s := closing(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	running, release := make(chan struct{}), make(chan struct{})
	go func() { <-running; cancel() }()
	err := s.commits.do(ctx, func(*work) error {
		close(running)
		<-release
		return nil
	})
	expect.Expect(err).To(MatchError(context.Canceled))
	close(release)
	expect.Expect(s.add(t.Context(), arrival{})).To(Succeed())
	expect.Expect(s.close()).To(Succeed())
	expect.Expect(s.add(t.Context(), arrival{})).To(MatchError(errClosed))
}

func TestStoreInMemoryHasTheTablesThatTheMigrationsMake(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	tables := func(s *store) map[string]string {
		rows, err := s.read.Query("SELECT name, sql FROM sqlite_schema WHERE tbl_name <> 'goose_db_version' AND sql IS NOT NULL")
		expect.Expect(err).NotTo(HaveOccurred())
		defer rows.Close()
		found := map[string]string{}
		for rows.Next() {
			var name, sql string
			expect.Expect(rows.Scan(&name, &sql)).To(Succeed())
			found[name] = sql
		}
		return found
	}
	file := tables(closing(t, filepath.Join(t.TempDir(), "hits.db")))
	expect.Expect(file).To(HaveKey("hits"))
	expect.Expect(tables(closing(t, ""))).To(Equal(file))
}
