package main

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Line is one line of a history: exactly one of its fields is there. An epoch is the life of one generation of the
// data; times are nanoseconds of the recorder's steady clock.
type Line struct {
	Began    *Began    `json:"began,omitempty"`
	Op       *Op       `json:"op,omitempty"`
	Event    *Event    `json:"event,omitempty"`
	Missed   *Missed   `json:"missed,omitempty"`
	Ended    *Ended    `json:"ended,omitempty"`
	Restored *Restored `json:"restored,omitempty"`
}

// Began tells an epoch's first revision, from which its watchers watch.
type Began struct {
	Epoch    int       `json:"epoch"`
	Revision int64     `json:"revision"`
	Watchers []string  `json:"watchers"`
	Time     time.Time `json:"time"`
	At       int64     `json:"at"`
}

// Ended tells an epoch's last revision, which each watcher has to reach.
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

// Op is what one client asked, and what it was told. Each value is written by one operation alone.
type Op struct {
	Epoch  int    `json:"epoch"`
	Client int    `json:"client"`
	Key    string `json:"key"`
	Kind   Kind   `json:"kind"`
	Value  string `json:"value,omitempty"`  // what is written
	Expect int64  `json:"expect,omitempty"` // of a CAS
	Call   int64  `json:"call"`
	Return int64  `json:"return"`
	// Not empty: there was no answer, and a write may take effect at any later time, or never.
	Error string `json:"error,omitempty"`

	Applied  bool   `json:"applied,omitempty"`  // of a CAS
	Seen     string `json:"seen,omitempty"`     // the value that was read, empty if there was none
	SeenMod  int64  `json:"seenMod,omitempty"`  // and the revision of its write
	Revision int64  `json:"revision,omitempty"` // of the answer; that of the write, if it was one
}

func (o *Op) writes() bool {
	return o.Kind == Put || o.Kind == CAS && (o.Applied || o.Error != "")
}

// Event is one that a watcher was told of, in the order in which it was told.
type Event struct {
	Epoch    int    `json:"epoch"`
	Watcher  int    `json:"watcher"`
	Key      string `json:"key"`
	Value    string `json:"value"`
	Revision int64  `json:"revision"`
	At       int64  `json:"at"`
}

// Missed is what a watcher that was behind can't see any more, because it was compacted: from From, below To.
type Missed struct {
	Epoch   int   `json:"epoch"`
	Watcher int   `json:"watcher"`
	From    int64 `json:"from"`
	To      int64 `json:"to"`
}

// Restored is all that is there of an epoch's keys after it was brought back from a backup of a revision.
type Restored struct {
	Epoch    int               `json:"epoch"`
	Revision int64             `json:"revision"`
	Values   map[string]string `json:"values"`
}

// Writer writes a history, from many clients.
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
	// Nothing is left to be judged without a history.
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
