// A client of etcd with the certificate of its Secret: it writes a key, reads what is there, and watches.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const prefix = "/app/"

var errRenewed = errors.New("the certificate or the authority was renewed")

// The variables that the connection of an EtcdCluster sets, and that etcdctl reads, too.
var (
	endpoints = strings.Split(os.Getenv("ETCDCTL_ENDPOINTS"), ",")
	files     = []string{os.Getenv("ETCDCTL_CACERT"), os.Getenv("ETCDCTL_CERT"), os.Getenv("ETCDCTL_KEY")}
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for ctx.Err() == nil {
		err := session(ctx)
		if ctx.Err() == nil && !errors.Is(err, errRenewed) {
			log.Print(err)
			time.Sleep(time.Second)
		}
	}
}

// One connection: until it fails, or the files are others.
func session(parent context.Context) error {
	ctx, end := context.WithCancelCause(parent)
	defer end(nil)
	before, err := contents()
	if err != nil {
		return err
	}
	tls, err := transport.TLSInfo{TrustedCAFile: files[0], CertFile: files[1], KeyFile: files[2]}.ClientConfig()
	if err != nil {
		return err
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   endpoints,
		TLS:         tls,
		DialTimeout: 5 * time.Second,
		// A member that is gone without a word is noticed after 15 seconds.
		DialKeepAliveTime:    10 * time.Second,
		DialKeepAliveTimeout: 5 * time.Second,
	})
	if err != nil {
		return err
	}
	defer client.Close()
	go awaitRenewal(ctx, end, before)

	if err := use(ctx, client); context.Cause(ctx) == nil {
		return err
	}
	return context.Cause(ctx)
}

// Reads what is there and watches from that revision on, so that nothing in between is missed.
func use(ctx context.Context, client *clientv3.Client) error {
	call, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := client.Put(call, prefix+"go", time.Now().Format(time.RFC3339)); err != nil {
		return err
	}
	found, err := client.Get(call, prefix, clientv3.WithPrefix())
	if err != nil {
		return err
	}
	for _, pair := range found.Kvs {
		fmt.Printf("%s = %s\n", pair.Key, pair.Value)
	}

	next := found.Header.Revision + 1
	fmt.Printf("watching from revision %d\n", next)
	watch := client.Watch(clientv3.WithRequireLeader(ctx), prefix, clientv3.WithPrefix(), clientv3.WithRev(next))
	for response := range watch {
		if err := response.Err(); err != nil {
			return err
		}
		for _, event := range response.Events {
			fmt.Printf("%s %s = %s\n", event.Type, event.Kv.Key, event.Kv.Value)
		}
	}
	return errors.New("the watch has ended")
}

// etcd's package reads the certificate again for each connection, but the authority only once. So everything that is
// renewed gets a new client.
func awaitRenewal(ctx context.Context, end context.CancelCauseFunc, before []byte) {
	for ctx.Err() == nil {
		time.Sleep(5 * time.Second)
		if now, err := contents(); err == nil && !bytes.Equal(now, before) {
			log.Print(errRenewed)
			end(errRenewed)
		}
	}
}

func contents() ([]byte, error) {
	var all []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all = append(all, text...)
	}
	return all, nil
}
