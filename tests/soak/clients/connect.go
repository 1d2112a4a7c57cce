package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

// Settings are the first line on stdin.
type Settings struct {
	CA          string     `json:"ca"`
	Certificate string     `json:"certificate"`
	Key         string     `json:"key"`
	DNS         string     `json:"dns"` // address of the cluster's DNS
	Seed        uint64     `json:"seed"`
	Clients     [][]string `json:"clients"`  // the endpoints of each
	Watchers    [][]string `json:"watchers"` // the endpoints of each
	PaceMillis  int        `json:"paceMillis"`
}

func (s *Settings) connect(endpoints []string) (*clientv3.Client, error) {
	pair, err := tls.X509KeyPair([]byte(s.Certificate), []byte(s.Key))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(s.CA)) {
		return nil, errors.New("no certificate of an authority")
	}
	return clientv3.New(clientv3.Config{
		Endpoints: endpoints,
		TLS:       &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS12},
		// A node that loses power doesn't close its connections.
		DialKeepAliveTime:    5 * time.Second,
		DialKeepAliveTimeout: 3 * time.Second,
		Logger:               zap.NewNop(),
		DialOptions: []grpc.DialOption{
			grpc.WithContextDialer(s.dial),
			// The clients' own reconnection delay is not under test.
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
				MinConnectTimeout: 2 * time.Second,
			}),
		},
	})
}

// dial uses the cluster's own DNS, because this machine isn't one of its pods.
func (s *Settings) dial(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dns := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, s.DNS)
	}
	dialer := net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: dns}}
	return dialer.DialContext(ctx, "tcp", net.JoinHostPort(host+".", port))
}
