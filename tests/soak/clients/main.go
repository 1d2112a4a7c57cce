// The clients of the soak, and the judge of their history.
//
//	soak record            reads settings and commands from stdin, writes the history to stdout
//	soak judge FILE FOLDER checks a history, writes the violations in full to FOLDER
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "record":
		return record(os.Stdin, os.Stdout, os.Stderr)
	case len(args) == 3 && args[0] == "judge":
		return judgeFile(args[1], args[2], os.Stdout)
	default:
		return fmt.Errorf("usage: soak record | soak judge FILE FOLDER")
	}
}
