package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"touchgate.dev/touch"
)

// lineHead has the fields of a line that the demo needs before it sends the line.
type lineHead struct {
	Campaign string      `json:"campaign"`
	Plan     []touch.Leg `json:"plan"`
	Key      string      `json:"key"`
}

// readLineHead reads the head of a line. A line that is not valid gets the default
// campaign. It is sent as it is, because the gateway reports what is wrong with it.
func readLineHead(raw []byte) lineHead {
	var h lineHead
	if json.Unmarshal(raw, &h) != nil || h.Campaign == "" {
		h.Campaign = defaultCampaign
	}
	return h
}

// eachLine calls visit with each line of a file that is not empty. It stops at the
// first error. visit may use raw only until it returns.
func eachLine(path string, visit func(raw []byte) error) error {
	in, _, err := openInput(path)
	if err != nil {
		return err
	}
	defer in.Close()

	lines := bufio.NewReaderSize(in, 256<<10)
	for {
		raw, err := lines.ReadBytes('\n')
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			if err := visit(raw); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return touch.Errorf(touch.Invalid, "", "cannot read the file: %w", err)
		}
	}
}
