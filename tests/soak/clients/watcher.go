package main

import (
	"context"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Watcher records each event it receives, and continues from the last revision when its watch ends.
type Watcher struct {
	epoch  *Epoch
	number int
	etcd   *clientv3.Client
	next   atomic.Int64
}

func (w *Watcher) run(ctx context.Context) {
	for ctx.Err() == nil {
		w.watch(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (w *Watcher) watch(ctx context.Context) {
	// A watch that requires a leader ends when its member is cut off, instead of going silent.
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	watch := w.etcd.Watch(ctx, prefix(w.epoch.number), clientv3.WithPrefix(), clientv3.WithRev(w.next.Load()))
	for answer := range watch {
		if to := answer.CompactRevision; to > w.next.Load() {
			w.epoch.writer.write(Line{Missed: &Missed{
				Epoch: w.epoch.number, Watcher: w.number, From: w.next.Load(), To: to,
			}})
			w.next.Store(to)
		}
		for _, event := range answer.Events {
			w.epoch.writer.write(Line{Event: &Event{
				Epoch: w.epoch.number, Watcher: w.number, Key: string(event.Kv.Key), Value: string(event.Kv.Value),
				Revision: event.Kv.ModRevision, At: w.epoch.clock(),
			}})
			w.next.Store(event.Kv.ModRevision + 1)
		}
	}
}
