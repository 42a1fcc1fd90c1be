package collector

import (
	"context"
	"errors"
	"sync"
)

// change is one write, done within a transaction that it shares with others.
type change func(w *work) error

// work is a transaction of the writer.
type work struct {
	ctx context.Context
	tx  transaction
}

// transaction is what a database's transaction can do. What exec fails of may be
// told only by a later call, or at the end: then nothing is done.
type transaction interface {
	exec(ctx context.Context, statement string, arguments []any) error
	// query calls read for each row.
	query(ctx context.Context, read func(scan func(...any) error) error, statement string, arguments []any) error
	// ask is a query that may be answered only by the next call of query or answers.
	ask(ctx context.Context, read func(scan func(...any) error) error, statement string, arguments []any) error
	answers(ctx context.Context) error
}

func (w *work) exec(statement string, arguments ...any) error {
	return w.tx.exec(w.ctx, statement, arguments)
}

func (w *work) rows(read func(scan func(...any) error) error, statement string, arguments ...any) error {
	return w.tx.query(w.ctx, read, statement, arguments)
}

func (w *work) ask(read func(scan func(...any) error) error, statement string, arguments ...any) error {
	return w.tx.ask(w.ctx, read, statement, arguments)
}

func (w *work) answers() error { return w.tx.answers(w.ctx) }

// commits groups the changes that arrive while the disk is busy into one
// transaction: a commit costs a sync, and hundreds of hits can share it. Each
// change is acknowledged only when its transaction has been committed.
type commits struct {
	transact transactor
	queue    chan pending
	done     chan struct{}

	mu      sync.RWMutex
	stopped bool
}

// transactor does something in one transaction. An error of what is done, rather
// than of the database, is a *changeError: then nothing of it is done for sure.
type transactor func(ctx context.Context, do func(w *work) error) error

type pending struct {
	change change
	result chan error
}

// maxBatch bounds the changes of one transaction, and with it how long the
// first of them waits.
const maxBatch = 256

func startCommits(transact transactor) *commits {
	c := &commits{transact: transact, queue: make(chan pending, maxBatch), done: make(chan struct{})}
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
}

// commit does a batch in one transaction. When one of its changes fails, each is
// tried in a transaction of its own, so that one that cannot be done harms no
// other. When the database fails, all have failed: who sent them sends again.
func (c *commits) commit(batch []pending) {
	err := c.together(batch)
	if broken := (*changeError)(nil); !errors.As(err, &broken) || len(batch) == 1 {
		for _, p := range batch {
			p.result <- err
		}
		return
	}
	for _, p := range batch {
		p.result <- c.together([]pending{p})
	}
}

// changeError is what a change itself failed of.
type changeError struct{ error }

// Unwrap returns the change's own error.
func (e *changeError) Unwrap() error { return e.error }

// together does a batch. It belongs to no request: one that is given up must not
// undo others.
func (c *commits) together(batch []pending) error {
	return c.transact(context.Background(), func(w *work) error {
		for _, p := range batch {
			if err := p.change(w); err != nil {
				return &changeError{err}
			}
		}
		return nil
	})
}
