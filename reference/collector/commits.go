package collector

import (
	"context"
	"database/sql"
	"sync"
)

// change is one write, done within a transaction that it shares with others.
// insert is the prepared insertion of a hit.
type change func(ctx context.Context, tx *sql.Tx, insert *sql.Stmt) error

// commits groups the changes that arrive while the disk is busy into one
// transaction: a commit costs a sync, and hundreds of hits can share it. Each
// change is acknowledged only when its transaction has been committed.
type commits struct {
	db     *sql.DB
	insert *sql.Stmt
	queue  chan pending
	done   chan struct{}

	mu      sync.RWMutex
	stopped bool
}

type pending struct {
	change change
	result chan error
}

// maxBatch bounds the changes of one transaction, and with it how long the
// first of them waits.
const maxBatch = 256

func startCommits(db *sql.DB, insert *sql.Stmt) *commits {
	c := &commits{db: db, insert: insert, queue: make(chan pending, maxBatch), done: make(chan struct{})}
	go c.run()
	return c
}

// do hands a change in and waits for its commit, or for the context's end.
func (c *commits) do(ctx context.Context, made change) error {
	waiting := pending{change: made, result: make(chan error, 1)}
	if err := c.enqueue(ctx, waiting); err != nil {
		return err
	}
	select {
	case err := <-waiting.result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *commits) enqueue(ctx context.Context, waiting pending) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.stopped {
		return errClosed
	}
	select {
	case c.queue <- waiting:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop commits what is waiting and ends the writer. It tells whether it did:
// a second stop does nothing.
func (c *commits) stop() bool {
	c.mu.Lock()
	first := !c.stopped
	c.stopped = true
	if first {
		close(c.queue)
	}
	c.mu.Unlock()
	<-c.done
	return first
}

// run is the writer.
func (c *commits) run() {
	defer close(c.done)
	for first := range c.queue {
		batch := append(make([]pending, 0, maxBatch), first)
		for len(batch) < maxBatch && len(c.queue) > 0 {
			batch = append(batch, <-c.queue)
		}
		c.commit(batch)
	}
	_ = c.insert.Close() // the database is closed next, and says more
}

// commit does a batch in one transaction. When that fails, each change is tried
// in a transaction of its own, so that one that cannot be done harms no other.
func (c *commits) commit(batch []pending) {
	err := c.transact(batch)
	if err == nil || len(batch) == 1 {
		for _, p := range batch {
			p.result <- err
		}
		return
	}
	for _, p := range batch {
		p.result <- c.transact([]pending{p})
	}
}

// transact belongs to no request: one that is given up must not undo others.
func (c *commits) transact(batch []pending) error {
	ctx := context.Background()
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	insert := tx.StmtContext(ctx, c.insert)
	for _, p := range batch {
		if err := p.change(ctx, tx, insert); err != nil {
			_ = tx.Rollback() // the change's error is the one that tells
			return err
		}
	}
	return tx.Commit()
}
