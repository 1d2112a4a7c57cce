package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// Verdict is the judge's result for a history.
type Verdict struct {
	Operations      int   `json:"operations"`
	Reads           int   `json:"reads"`
	Writes          int   `json:"writes"`
	CompareAndSets  int   `json:"compareAndSets"`
	UnknownOutcomes int   `json:"unknownOutcomes"` // writes without an answer
	TookEffect      int   `json:"tookEffect"`      // how many of them were seen later
	UnansweredReads int   `json:"unansweredReads"`
	LongestGapMs    int64 `json:"longestGapMs"` // between two acknowledged writes
	Epochs          int   `json:"epochs"`
	Unfinished      int   `json:"unfinished"` // epochs without an end, whose last losses were not searched for
	Keys            int   `json:"keys"`

	Linearizable bool     `json:"linearizable"`
	Violations   []string `json:"violations"` // keys whose operations have no order
	Undecided    []string `json:"undecided"`  // keys for which the search took too long
	Backwards    []string `json:"backwards"`  // answers with a revision below an earlier one
	Restored     []string `json:"restored"`   // differences between a restore and its backup

	Watch WatchVerdict `json:"watch"`

	// No check above found anything.
	Sound bool `json:"sound"`
}

// How long the judge searches for an order of one key's operations.
const searchTime = 2 * time.Minute

func judgeFile(path, folder string, out io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines, err := readHistory(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	verdict, err := judge(lines, folder)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(verdict)
}

func judge(lines []Line, folder string) (*Verdict, error) {
	v := &Verdict{
		Violations: []string{}, Undecided: []string{}, Backwards: []string{}, Restored: []string{},
		Watch: WatchVerdict{Lost: []string{}, Twice: []string{}, Disorder: []string{}, Wrong: []string{}},
	}
	for _, life := range lives(lines) {
		v.Epochs++
		if life.ended.Revision == 0 {
			v.Unfinished++
		}
		v.count(life)
		life.settle()
		v.gap(life)
		if err := v.search(life, folder); err != nil {
			return nil, err
		}
		v.Backwards = append(v.Backwards, life.backwards()...)
		v.Watch.judge(life)
		if life.restored != nil {
			v.Restored = append(v.Restored, life.isRestored()...)
		}
	}
	v.Linearizable = len(v.Violations)+len(v.Undecided)+len(v.Backwards) == 0
	v.Sound = v.Linearizable && v.Unfinished == 0 && len(v.Restored) == 0 && v.Watch.sound() && v.Operations > 0
	return v, nil
}

func (v *Verdict) count(life *Life) {
	for _, op := range life.ops {
		switch {
		case op.Kind == Get && op.Error != "":
			v.UnansweredReads++
			continue
		case op.Kind == Get:
			v.Reads++
		case op.Kind == Put:
			v.Writes++
		default:
			v.CompareAndSets++
		}
		v.Operations++
		if op.Error != "" {
			v.UnknownOutcomes++
		}
	}
}

func (v *Verdict) gap(life *Life) {
	var acknowledged []int64
	for _, op := range life.ops {
		if op.writes() && op.Error == "" {
			acknowledged = append(acknowledged, op.Return)
		} else if op.writes() && op.Revision > 0 {
			v.TookEffect++
		}
	}
	slices.Sort(acknowledged)
	for i := 1; i < len(acknowledged); i++ {
		v.LongestGapMs = max(v.LongestGapMs, (acknowledged[i]-acknowledged[i-1])/int64(time.Millisecond))
	}
}

// search looks for an order of each key's operations that a single copy of the key could have executed.
func (v *Verdict) search(life *Life, folder string) error {
	keys := life.byKey()
	v.Keys += len(keys)
	var mu sync.Mutex
	var first error
	turns := make(chan struct{}, runtime.NumCPU())
	var searching sync.WaitGroup
	for key, history := range keys {
		turns <- struct{}{}
		searching.Go(func() {
			defer func() { <-turns }()
			result := porcupine.CheckOperationsTimeout(model, history, searchTime)
			if result == porcupine.Ok {
				return
			}
			err := save(folder, key, history)
			mu.Lock()
			defer mu.Unlock()
			if result == porcupine.Illegal {
				v.Violations = append(v.Violations, key)
			} else {
				v.Undecided = append(v.Undecided, key)
			}
			if err != nil && first == nil {
				first = err
			}
		})
	}
	searching.Wait()
	slices.Sort(v.Violations)
	slices.Sort(v.Undecided)
	return first
}

// save writes a key's whole history to a file, with a picture of the longest order that was found.
func save(folder, key string, history []porcupine.Operation) error {
	name := filepath.Join(folder, strings.ReplaceAll(key, "/", "-"))
	file, err := os.Create(name + ".jsonl")
	if err != nil {
		return err
	}
	defer file.Close()
	writer := newWriter(file)
	for _, op := range history {
		writer.write(Line{Op: op.Output.(*Op)})
	}
	writer.flush()
	_, info := porcupine.CheckOperationsVerbose(model, history, searchTime)
	return porcupine.VisualizePath(model, info, name+".html")
}
