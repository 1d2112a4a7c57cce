package main

import (
	"fmt"
	"slices"
)

// WatchVerdict compares the watchers' events with the writes.
type WatchVerdict struct {
	Watchers int `json:"watchers"`
	Events   int `json:"events"`
	// Revisions that were compacted before a watcher came. They don't count as lost.
	Compacted int64 `json:"compacted"`

	Lost     []string `json:"lost"`
	Twice    []string `json:"twice"`
	Disorder []string `json:"disorder"`
	Wrong    []string `json:"wrong"` // events without a write
}

func (v *WatchVerdict) sound() bool {
	return len(v.Lost)+len(v.Twice)+len(v.Disorder)+len(v.Wrong) == 0 && v.Events > 0
}

// judge checks that each watcher gets each write from the epoch's first to its last revision once and in order.
func (v *WatchVerdict) judge(life *Life) {
	written := life.written()
	for watcher, name := range life.began.Watchers {
		v.Watchers++
		say := func(list *[]string, event Event) {
			*list = append(*list, fmt.Sprintf("epoch %d, watcher %d %s: revision %d, %s=%s",
				life.began.Epoch, watcher, name, event.Revision, event.Key, event.Value))
		}
		told := map[int64]bool{}
		var last int64
		for _, event := range life.events[watcher] {
			v.Events++
			switch {
			case told[event.Revision]:
				say(&v.Twice, *event)
			case event.Revision < last:
				say(&v.Disorder, *event)
			}
			if w := written[event.Revision]; w.Key != event.Key || w.Value != event.Value {
				say(&v.Wrong, *event)
			}
			told[event.Revision] = true
			last = max(last, event.Revision)
		}
		for _, missed := range life.missed[watcher] {
			v.Compacted += missed.To - missed.From
		}
		// Without an end, a watcher has to reach only the last event it received.
		end := life.ended.Revision
		if end == 0 {
			end = last
		}
		for revision, event := range written {
			if revision < life.began.Revision || revision > end || told[revision] {
				continue
			}
			excused := slices.ContainsFunc(life.missed[watcher], func(m *Missed) bool {
				return m.From <= revision && revision < m.To
			})
			if !excused {
				say(&v.Lost, event)
			}
		}
	}
	for _, list := range []*[]string{&v.Lost, &v.Twice, &v.Disorder, &v.Wrong} {
		slices.Sort(*list)
	}
}
