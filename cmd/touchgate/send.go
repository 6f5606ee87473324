package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/commandline"
	"touchgate.dev/touch"
)

type sendFlags struct {
	to, key, campaign string
	wait              bool
}

func sendCommand(environ []string) *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:   "send FILE.ndjson",
		Short: "Stream a file of touches to a gateway and print what came of it",
		Long: `send streams a file of touches, one JSON object a line, to a gateway. It needs
little memory however long the file is. Sending the same file again is safe:
what the gateway knows already is repeated, not sent again. "-" is standard input.

The exit status is 0 if every line was accepted or refused by a policy, and 1 if
lines were faulty or the stream broke off.`,
		Example: `  touchgate send campaign.ndjson --to https://touch.bank.example --key tg_...
  touchgate send examples/touches.ndjson --to http://127.0.0.1:8080 --key dev-key --wait`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.key == "" {
				f.key = envValue(environ, "TOUCHGATE_KEY")
			}
			if f.key == "" {
				return usageError("give the API key by --key or TOUCHGATE_KEY")
			}
			return send(cmd.Context(), args[0], f, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "http://127.0.0.1:8080", "the gateway's `URL`")
	flags.StringVar(&f.key, "key", "", "the API `KEY` (default: TOUCHGATE_KEY)")
	flags.StringVar(&f.campaign, "campaign", "", "the campaign's `NAME` (default: as the first line says)")
	flags.BoolVar(&f.wait, "wait", false, "follow the campaign until nothing moves any more")
	return cmd
}

func envValue(environ []string, name string) string {
	value := ""
	for _, pair := range environ {
		if v, ok := strings.CutPrefix(pair, name+"="); ok {
			value = v
		}
	}
	return value
}

// send streams a file and prints the totals of the answers.
func send(ctx context.Context, path string, f sendFlags, stdout, stderr io.Writer) error {
	client, err := apiclient.New(f.to, f.key)
	if err != nil {
		return err
	}
	in, size, err := openInput(path)
	if err != nil {
		return err
	}
	defer in.Close()
	buffered := bufio.NewReaderSize(in, 256<<10)
	if f.campaign == "" {
		if f.campaign, err = firstCampaign(buffered); err != nil {
			return err
		}
	}
	bar := newProgress(stderr, "sending", size)
	counted := &countingReader{r: buffered, add: bar.add}
	var sum chunkTotals
	err = client.Stream(ctx, f.campaign, counted, func(c apiclient.Chunk) {
		sum.add(c)
		bar.setText("%d lines, %d accepted", sum.Lines, sum.Accepted)
		for _, e := range c.Errors {
			bar.print("%s:%d: %s", path, e.Line, e.Text())
		}
	})
	bar.stop()
	sum.print(stdout)
	if err != nil {
		return err
	}
	if f.wait {
		if err := waitForCampaigns(ctx, client, []string{f.campaign}, time.Now, stderr); err != nil {
			return err
		}
		if err := printCampaign(ctx, client, f.campaign, stdout); err != nil {
			return err
		}
	}
	if sum.Failed > 0 {
		return &exitError{code: exitFailed}
	}
	return nil
}

func openInput(path string) (io.ReadCloser, int64, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), 0, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, touch.Errorf(touch.Invalid, "", "cannot read the file: %w", err)
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		file.Close()
		return nil, 0, touch.Errorf(touch.Invalid, "", "%s is not a file of touches", path)
	}
	return file, info.Size(), nil
}

// firstCampaign returns the campaign of the first line, without consuming it.
func firstCampaign(r *bufio.Reader) (string, error) {
	head, _ := r.Peek(128 << 10)
	line, _, _ := strings.Cut(strings.TrimLeft(strings.TrimPrefix(string(head), "\ufeff"), "\r\n\t "), "\n")
	var first struct{ Campaign string }
	if err := json.Unmarshal([]byte(line), &first); err != nil || first.Campaign == "" {
		return "", touch.Errorf(touch.Invalid, "campaign", "the first line names no campaign: give one by --campaign")
	}
	return first.Campaign, nil
}

// chunkTotals adds up the chunks of an answer to a stream.
type chunkTotals struct {
	Lines, Accepted, Deferred, Repeated, Refused, Failed int
	Reasons                                              map[string]int
}

func (s *chunkTotals) add(c apiclient.Chunk) {
	if c.Done {
		return // the last chunk repeats the totals
	}
	s.Lines += c.Lines
	s.Accepted += c.Accepted
	s.Deferred += c.Deferred
	s.Repeated += c.Repeated
	s.Refused += c.Refused
	s.Failed += c.Failed
	for reason, n := range c.Reasons {
		if s.Reasons == nil {
			s.Reasons = map[string]int{}
		}
		s.Reasons[reason] += n
	}
}

// print prints the totals, and below "refused" each reason with its number.
func (s *chunkTotals) print(w io.Writer) {
	fmt.Fprintf(w, "lines %d\naccepted %d (of them deferred %d)\nrepeated %d\nrefused %d\n",
		s.Lines, s.Accepted, s.Deferred, s.Repeated, s.Refused)
	reasons := make([]string, 0, len(s.Reasons))
	for reason := range s.Reasons {
		reasons = append(reasons, reason)
	}
	slices.Sort(reasons)
	for _, reason := range reasons {
		commandline.Printf(w, "  %s %d\n", reason, s.Reasons[reason])
	}
	fmt.Fprintf(w, "faulty %d\n", s.Failed)
}

// countingReader reports how many bytes were read.
type countingReader struct {
	r   io.Reader
	add func(n int64)
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.add(int64(n))
	return n, err
}
