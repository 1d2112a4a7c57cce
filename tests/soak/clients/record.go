package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Command is a line on stdin after the settings. The answer on the answers' stream is the command's name.
type Command struct {
	Do       string `json:"do"` // begin, end, restored
	Epoch    int    `json:"epoch"`
	Revision int64  `json:"revision"` // of the backup that was restored
}

const flushEvery = 500 * time.Millisecond

// record runs the clients until stdin ends.
func record(in io.Reader, out, answers io.Writer) error {
	input := bufio.NewScanner(in)
	input.Buffer(nil, 1<<20)
	var settings Settings
	if !input.Scan() {
		return fmt.Errorf("no settings: %v", input.Err())
	}
	if err := json.Unmarshal(input.Bytes(), &settings); err != nil {
		return err
	}
	writer := newWriter(out)
	defer writer.flush()
	go func() {
		for range time.Tick(flushEvery) {
			writer.flush()
		}
	}()
	began := time.Now()
	clock := func() int64 { return time.Since(began).Nanoseconds() }
	var epoch *Epoch
	for input.Scan() {
		var command Command
		if err := json.Unmarshal(input.Bytes(), &command); err != nil {
			return err
		}
		var err error
		switch command.Do {
		case "begin":
			epoch, err = begin(&settings, command.Epoch, writer, clock)
		case "end":
			if epoch == nil {
				return errors.New("end: nothing has begun")
			}
			err = epoch.end()
			epoch = nil
		case "restored":
			err = restored(&settings, command, writer)
		default:
			err = fmt.Errorf("what is %q?", command.Do)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", command.Do, err)
		}
		writer.flush()
		fmt.Fprintln(answers, command.Do)
	}
	return input.Err()
}

// restored reads the keys that remain of an earlier epoch.
func restored(settings *Settings, command Command, writer *Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client, err := settings.connect(settings.Clients[len(settings.Clients)-1])
	if err != nil {
		return err
	}
	defer client.Close()
	values, err := readAll(ctx, client, prefix(command.Epoch))
	if err != nil {
		return err
	}
	writer.write(Line{Restored: &Restored{Epoch: command.Epoch, Revision: command.Revision, Values: values}})
	return nil
}
