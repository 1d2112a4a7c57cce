package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// How long a client waits for an answer.
	timeout = 3 * time.Second
	// How long the beginning and the end of an epoch may take, when the cluster has recovered.
	patience = time.Minute
	// Each round uses new keys, because the search for an order of a key's operations grows faster than their number.
	round     = 2 * time.Minute
	hotKeys   = 6
	slowKeys  = 4 // used for the whole epoch
	slowShare = 0.1
	// The history that a compaction keeps.
	compactEvery = time.Minute
)

func prefix(epoch int) string { return fmt.Sprintf("soak/%d/", epoch) }

// Epoch is the time between two restores, with its clients and watchers.
type Epoch struct {
	number   int
	settings *Settings
	writer   *Writer
	clock    func() int64
	began    time.Time

	clients  []*Client
	watchers []*Watcher
	working  sync.WaitGroup
	watching sync.WaitGroup
	// Stops the clients, and the watchers at the end.
	rest      context.CancelFunc
	stopWatch context.CancelFunc
	lastRound int
}

func begin(settings *Settings, number int, writer *Writer, clock func() int64) (*Epoch, error) {
	e := &Epoch{number: number, settings: settings, writer: writer, clock: clock, began: time.Now()}
	for i, endpoints := range settings.Clients {
		client, err := settings.connect(endpoints)
		if err != nil {
			return nil, err
		}
		random := rand.New(rand.NewPCG(settings.Seed, uint64(number)<<32|uint64(i)))
		e.clients = append(e.clients, &Client{epoch: e, number: i, etcd: client, random: random, known: map[string]int64{}})
	}
	// The watchers begin with the first write.
	first, err := e.mark("begin")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(settings.Watchers))
	for i, endpoints := range settings.Watchers {
		names[i] = fmt.Sprint(endpoints)
	}
	writer.write(Line{Began: &Began{Epoch: number, Revision: first, Watchers: names, Time: time.Now(), At: clock()}})
	watching, stopWatch := context.WithCancel(context.Background())
	e.stopWatch = stopWatch
	for i, endpoints := range settings.Watchers {
		client, err := settings.connect(endpoints)
		if err != nil {
			return nil, err
		}
		w := &Watcher{epoch: e, number: i, etcd: client}
		w.next.Store(first)
		e.watchers = append(e.watchers, w)
		e.watching.Go(func() { w.run(watching) })
	}
	working, rest := context.WithCancel(context.Background())
	e.rest = rest
	for _, client := range e.clients {
		e.working.Go(func() { client.run(working) })
	}
	e.working.Go(func() { e.compact(working) })
	return e, nil
}

// end lets the clients finish their operations, reads every key once more through each client, and waits for the
// watchers.
func (e *Epoch) end() error {
	e.rest()
	e.working.Wait()
	e.lastRound = e.roundNow()
	for _, client := range e.clients {
		e.working.Go(client.readEverything)
	}
	e.working.Wait()
	last, err := e.mark("end")
	if err != nil {
		return err
	}
	deadline := time.Now().Add(patience)
	for _, watcher := range e.watchers {
		for watcher.next.Load() <= last && time.Now().Before(deadline) {
			time.Sleep(50 * time.Millisecond)
		}
	}
	// Duplicate events get time to arrive.
	time.Sleep(time.Second)
	e.stopWatch()
	e.watching.Wait()
	e.writer.write(Line{Ended: &Ended{Epoch: e.number, Revision: last, At: e.clock()}})
	for _, client := range e.clients {
		client.etcd.Close()
	}
	for _, watcher := range e.watchers {
		watcher.etcd.Close()
	}
	return nil
}

// mark repeats a write until it is acknowledged.
func (e *Epoch) mark(name string) (int64, error) {
	deadline := time.Now().Add(patience)
	for client := e.clients[len(e.clients)-1]; ; {
		op := client.do(Put, prefix(e.number)+name)
		if op.Error == "" {
			return op.Revision, nil
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("%q is not acknowledged: %s", name, op.Error)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (e *Epoch) roundNow() int { return int(time.Since(e.began) / round) }

func (e *Epoch) key(roundNumber, i int) string {
	return fmt.Sprintf("%s%d/%d", prefix(e.number), roundNumber, i)
}
func (e *Epoch) slowKey(i int) string { return fmt.Sprintf("%sslow/%d", prefix(e.number), i) }

func (e *Epoch) keys() []string {
	var keys []string
	for r := 0; r <= e.lastRound; r++ {
		for i := range hotKeys {
			keys = append(keys, e.key(r, i))
		}
	}
	for i := range slowKeys {
		keys = append(keys, e.slowKey(i))
	}
	return keys
}

// compact drops the history up to the revision of the previous call.
func (e *Epoch) compact(ctx context.Context) {
	client := e.clients[len(e.clients)-1]
	var revision int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(compactEvery):
		}
		asking, cancel := context.WithTimeout(ctx, timeout)
		if revision > 0 {
			// The next compaction makes up for one that fails.
			_, _ = client.etcd.Compact(asking, revision)
		}
		if answer, err := client.etcd.Get(asking, prefix(e.number), clientv3.WithCountOnly()); err == nil {
			revision = answer.Header.Revision
		}
		cancel()
	}
}
