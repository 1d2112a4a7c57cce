package main

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Line is one line of a history. Exactly one of its fields is set. An epoch is the time of one generation of the data.
// Times are nanoseconds of the recorder's monotonic clock.
type Line struct {
	Began    *Began    `json:"began,omitempty"`
	Op       *Op       `json:"op,omitempty"`
	Event    *Event    `json:"event,omitempty"`
	Missed   *Missed   `json:"missed,omitempty"`
	Ended    *Ended    `json:"ended,omitempty"`
	Restored *Restored `json:"restored,omitempty"`
}

// Began holds an epoch's first revision, from which its watchers watch.
type Began struct {
	Epoch    int       `json:"epoch"`
	Revision int64     `json:"revision"`
	Watchers []string  `json:"watchers"`
	Time     time.Time `json:"time"`
	At       int64     `json:"at"`
}

// Ended holds an epoch's last revision, which each watcher has to reach.
type Ended struct {
	Epoch    int   `json:"epoch"`
	Revision int64 `json:"revision"`
	At       int64 `json:"at"`
}

type Kind string

const (
	Get Kind = "get"
	Put Kind = "put"
	CAS Kind = "cas" // writes if the key's last revision is the expected one, reads if not
)

// Op is one client's request and its answer. Each value is written by one operation only.
type Op struct {
	Epoch  int    `json:"epoch"`
	Client int    `json:"client"`
	Key    string `json:"key"`
	Kind   Kind   `json:"kind"`
	Value  string `json:"value,omitempty"`  // what is written
	Expect int64  `json:"expect,omitempty"` // of a CAS
	Call   int64  `json:"call"`
	Return int64  `json:"return"`
	// If not empty, there was no answer, and a write may take effect at any later time or never.
	Error string `json:"error,omitempty"`

	Applied  bool   `json:"applied,omitempty"`  // of a CAS
	Seen     string `json:"seen,omitempty"`     // the value that was read, empty if none
	SeenMod  int64  `json:"seenMod,omitempty"`  // and the revision of its write
	Revision int64  `json:"revision,omitempty"` // of the answer, or of the write if it was one
}

func (o *Op) writes() bool {
	return o.Kind == Put || o.Kind == CAS && (o.Applied || o.Error != "")
}

// Event is one event as a watcher received it. The order of the lines is the order of receipt.
type Event struct {
	Epoch    int    `json:"epoch"`
	Watcher  int    `json:"watcher"`
	Key      string `json:"key"`
	Value    string `json:"value"`
	Revision int64  `json:"revision"`
	At       int64  `json:"at"`
}

// Missed is the range of revisions, from From and below To, that a slow watcher missed because of a compaction.
type Missed struct {
	Epoch   int   `json:"epoch"`
	Watcher int   `json:"watcher"`
	From    int64 `json:"from"`
	To      int64 `json:"to"`
}

// Restored holds an epoch's keys after a restore from the backup of a revision.
type Restored struct {
	Epoch    int               `json:"epoch"`
	Revision int64             `json:"revision"`
	Values   map[string]string `json:"values"`
}

// Writer writes the history of many clients.
type Writer struct {
	mu      sync.Mutex
	encoder *json.Encoder
	buffer  *bufio.Writer
}

func newWriter(out io.Writer) *Writer {
	buffer := bufio.NewWriterSize(out, 1<<16)
	return &Writer{encoder: json.NewEncoder(buffer), buffer: buffer}
}

func (w *Writer) write(line Line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	// Without a history the run is useless.
	if err := w.encoder.Encode(line); err != nil {
		panic(err)
	}
}

func (w *Writer) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.buffer.Flush(); err != nil {
		panic(err)
	}
}

func readHistory(in io.Reader) ([]Line, error) {
	var lines []Line
	decoder := json.NewDecoder(bufio.NewReaderSize(in, 1<<20))
	for {
		var line Line
		if err := decoder.Decode(&line); err == io.EOF {
			return lines, nil
		} else if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
}
