package main

import (
	"fmt"
	"math"

	"github.com/anishathalye/porcupine"
)

// state of one key: its value and the revision of its last write.
type state struct {
	value string
	mod   int64
}

// forever is the end of an operation without an answer, after all others.
const forever = math.MaxInt64

// model of one key. An operation without an answer counts only if its write was seen, which gives its revision.
var model = porcupine.Model{
	Init: func() any { return state{} },
	Step: func(before, _, output any) (bool, any) {
		s, op := before.(state), output.(*Op)
		after := state{value: op.Value, mod: op.Revision}
		switch {
		case !op.writes():
			changed := op.Kind == CAS && s.mod == op.Expect
			return !changed && op.Seen == s.value && op.SeenMod == s.mod, s
		case op.Kind == CAS:
			return s.mod == op.Expect && op.Revision > s.mod, after
		default:
			return op.Revision > s.mod, after
		}
	},
	DescribeOperation: func(_, output any) string {
		op := output.(*Op)
		what := fmt.Sprintf("%s %s", op.Kind, op.Value)
		if op.Kind == CAS {
			what += fmt.Sprintf(" if at %d", op.Expect)
		}
		if op.Error != "" {
			what += " (no answer)"
		}
		if op.writes() {
			return fmt.Sprintf("%s: revision %d", what, op.Revision)
		}
		return fmt.Sprintf("%s: %q at %d", what, op.Seen, op.SeenMod)
	},
	DescribeState: func(s any) string { return fmt.Sprintf("%q at %d", s.(state).value, s.(state).mod) },
}

func operation(op *Op) porcupine.Operation {
	return porcupine.Operation{ClientId: op.Client, Input: op.Kind, Call: op.Call, Output: op, Return: op.Return}
}
