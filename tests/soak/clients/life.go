package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
)

// Life is all that is known of one epoch.
type Life struct {
	began    Began
	ended    Ended
	ops      []*Op
	events   map[int][]*Event // by watcher, in order of receipt
	missed   map[int][]*Missed
	restored *Restored
}

func lives(lines []Line) []*Life {
	byEpoch := map[int]*Life{}
	var all []*Life
	life := func(epoch int) *Life {
		if byEpoch[epoch] == nil {
			byEpoch[epoch] = &Life{events: map[int][]*Event{}, missed: map[int][]*Missed{}}
			byEpoch[epoch].began.Epoch = epoch
			all = append(all, byEpoch[epoch])
		}
		return byEpoch[epoch]
	}
	for _, line := range lines {
		switch {
		case line.Began != nil:
			life(line.Began.Epoch).began = *line.Began
		case line.Ended != nil:
			life(line.Ended.Epoch).ended = *line.Ended
		case line.Op != nil:
			l := life(line.Op.Epoch)
			l.ops = append(l.ops, line.Op)
		case line.Event != nil:
			l := life(line.Event.Epoch)
			l.events[line.Event.Watcher] = append(l.events[line.Event.Watcher], line.Event)
		case line.Missed != nil:
			l := life(line.Missed.Epoch)
			l.missed[line.Missed.Watcher] = append(l.missed[line.Missed.Watcher], line.Missed)
		case line.Restored != nil:
			life(line.Restored.Epoch).restored = line.Restored
		}
	}
	return all
}

// settle completes each write without an answer by what was seen of it: its revision, and an end before the first answer
// that shows it. A write that nobody saw gets no revision.
func (l *Life) settle() {
	type sight struct{ revision, at int64 }
	seen := map[string]sight{}
	see := func(value string, revision, at int64) {
		if value == "" {
			return
		}
		if before, ok := seen[value]; !ok || at < before.at {
			seen[value] = sight{revision, at}
		}
	}
	for _, op := range l.ops {
		if op.Error == "" && !op.writes() {
			see(op.Seen, op.SeenMod, op.Return)
		}
	}
	for _, events := range l.events {
		for _, event := range events {
			see(event.Value, event.Revision, event.At)
		}
	}
	for _, op := range l.ops {
		if op.Error == "" || op.Kind == Get {
			continue
		}
		op.Return = forever
		if s, ok := seen[op.Value]; ok {
			op.Revision, op.Return = s.revision, s.at
		}
	}
}

// byKey leaves out operations without an effect to check. A write that nobody saw may come after all others, because
// reads and comparisons return the value that they found and each value is written once.
func (l *Life) byKey() map[string][]porcupine.Operation {
	keys := map[string][]porcupine.Operation{}
	for _, op := range l.ops {
		if op.Error != "" && op.Revision == 0 {
			continue
		}
		keys[op.Key] = append(keys[op.Key], operation(op))
	}
	return keys
}

// backwards finds answers of any key that are older than an answer from before the request.
func (l *Life) backwards() []string {
	var asked, told []*Op
	for _, op := range l.ops {
		if op.Error == "" {
			asked, told = append(asked, op), append(told, op)
		}
	}
	slices.SortFunc(asked, func(a, b *Op) int { return cmp.Compare(a.Call, b.Call) })
	slices.SortFunc(told, func(a, b *Op) int { return cmp.Compare(a.Return, b.Return) })
	found := []string{}
	var floor int64
	i := 0
	for _, op := range asked {
		for ; i < len(told) && told[i].Return < op.Call; i++ {
			floor = max(floor, told[i].Revision)
		}
		if op.Revision < floor || op.writes() && op.Revision == floor {
			found = append(found, fmt.Sprintf("%s of %s by client %d: revision %d after %d", op.Kind, op.Key, op.Client, op.Revision, floor))
		}
	}
	return found
}

// written holds the known writes by revision.
func (l *Life) written() map[int64]Event {
	all := map[int64]Event{}
	for _, op := range l.ops {
		if op.writes() && op.Revision > 0 {
			all[op.Revision] = Event{Key: op.Key, Value: op.Value, Revision: op.Revision}
		}
	}
	return all
}

// isRestored compares the restored keys with the writes up to the backup's revision.
func (l *Life) isRestored() []string {
	type last struct {
		value    string
		revision int64
	}
	expected := map[string]last{}
	for revision, event := range l.written() {
		if revision <= l.restored.Revision && revision > expected[event.Key].revision {
			expected[event.Key] = last{event.Value, revision}
		}
	}
	found := []string{}
	for key, want := range expected {
		if got := l.restored.Values[key]; got != want.value {
			found = append(found, fmt.Sprintf("%s: %q in place of %q, revision %d", key, got, want.value, want.revision))
		}
	}
	for key, got := range l.restored.Values {
		if _, ok := expected[key]; !ok {
			found = append(found, fmt.Sprintf("%s: %q, which was written later or never", key, got))
		}
	}
	slices.Sort(found)
	return found
}
