package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Client does one operation at a time. An operation without an answer stays open, and the client continues.
type Client struct {
	epoch  *Epoch
	number int
	etcd   *clientv3.Client
	random *rand.Rand
	count  int
	// The revision of each key's last write that the client knows of.
	known map[string]int64
}

func (c *Client) run(ctx context.Context) {
	pace := time.Duration(c.epoch.settings.PaceMillis) * time.Millisecond
	for ctx.Err() == nil {
		key := c.epoch.key(c.epoch.roundNow(), c.random.IntN(hotKeys))
		if c.random.Float64() < slowShare {
			key = c.epoch.slowKey(c.random.IntN(slowKeys))
		}
		kind := Get
		switch dice := c.random.Float64(); {
		case dice < 0.35:
			kind = Put
		case dice < 0.65:
			kind = CAS
		}
		c.do(kind, key)
		select {
		case <-ctx.Done():
		case <-time.After(pace/2 + time.Duration(c.random.Int64N(int64(pace)))):
		}
	}
}

// readEverything reads each key until it gets an answer or the time is over. A member that a fault has cut off may not
// answer.
func (c *Client) readEverything() {
	deadline := time.Now().Add(patience)
	for _, key := range c.epoch.keys() {
		for c.do(Get, key).Error != "" && time.Now().Before(deadline) {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func (c *Client) do(kind Kind, key string) *Op {
	op := &Op{Epoch: c.epoch.number, Client: c.number, Key: key, Kind: kind}
	if kind != Get {
		c.count++
		op.Value = fmt.Sprintf("%d-%d-%d", c.epoch.number, c.number, c.count)
	}
	if kind == CAS {
		op.Expect = c.known[key]
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	op.Call = c.epoch.clock()
	err := c.ask(ctx, op)
	op.Return = c.epoch.clock()
	if err != nil {
		op.Error = err.Error()
	} else if op.writes() {
		c.known[key] = op.Revision
	} else {
		c.known[key] = op.SeenMod
	}
	c.epoch.writer.write(Line{Op: op})
	return op
}

func (c *Client) ask(ctx context.Context, op *Op) error {
	switch op.Kind {
	case Put:
		answer, err := c.etcd.Put(ctx, op.Key, op.Value)
		if err != nil {
			return err
		}
		op.Revision = answer.Header.Revision
	case CAS:
		answer, err := c.etcd.Txn(ctx).
			If(clientv3.Compare(clientv3.ModRevision(op.Key), "=", op.Expect)).
			Then(clientv3.OpPut(op.Key, op.Value)).
			Else(clientv3.OpGet(op.Key)).
			Commit()
		if err != nil {
			return err
		}
		op.Applied, op.Revision = answer.Succeeded, answer.Header.Revision
		if !answer.Succeeded {
			op.see((*clientv3.GetResponse)(answer.Responses[0].GetResponseRange()))
		}
	case Get:
		answer, err := c.etcd.Get(ctx, op.Key)
		if err != nil {
			return err
		}
		op.Revision = answer.Header.Revision
		op.see(answer)
	}
	return nil
}

func (o *Op) see(answer *clientv3.GetResponse) {
	for _, kv := range answer.Kvs {
		o.Seen, o.SeenMod = string(kv.Value), kv.ModRevision
	}
}

// readAll reads all keys below a prefix at one revision.
func readAll(ctx context.Context, client *clientv3.Client, prefix string) (map[string]string, error) {
	answer, err := client.Get(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, kv := range answer.Kvs {
		values[string(kv.Key)] = string(kv.Value)
	}
	return values, nil
}
