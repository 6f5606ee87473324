package touch

// Channel is the medium of one leg.
type Channel string

// The channels.
const (
	SMS    Channel = "sms"     // a text message
	Push   Channel = "push"    // a notification through the app's push service
	Popup  Channel = "popup"   // a pop-up inside the app
	Inbox  Channel = "inbox"   // the app's message centre
	AICall Channel = "ai_call" // an outbound call with an artificial voice
	RMTask Channel = "rm_task" // a task for a relationship manager: a person calls
)

// channels is the one table of channels. Everything that depends on a channel
// is read from here: validation, address lookup, listing keys, the codes in
// stored contact logs, the groups in policy conditions and the size of the sets
// of (category, channel).
//
// A new channel touches three files that exist: this one (a constant and a
// row), gateway/httpapi/openapi.yaml (the enum Channel) and the list of
// adapters, in which its adapter gets a line. TestNewChannel adds a row and
// runs every test named TestEveryChannel against the result.
var channels = [...]channelRow{
	{name: SMS, logCode: 1, groups: []string{"text"}, phone: true, needsAddress: true, bodyOnly: true},
	{name: Push, logCode: 2, groups: []string{"app"}, needsAddress: true},
	{name: Popup, logCode: 3, groups: []string{"app"}, firstParty: true},
	{name: Inbox, logCode: 4, groups: []string{"app"}, firstParty: true},
	{name: AICall, logCode: 5, groups: []string{voice, "machine"}, phone: true, addressOf: SMS, needsAddress: true, bodyOnly: true},
	{name: RMTask, logCode: 6, groups: []string{voice, "human"}, phone: true, addressOf: SMS, firstParty: true, task: true},
}

// NumChannels is the number of channels, a constant for the size of arrays.
const NumChannels = len(channels)

// channelRow holds what is known of one channel.
type channelRow struct {
	name Channel
	// logCode is the channel's number in contact logs, from 1 to 15. Logs in
	// Redis hold it, so it never changes and is never used again.
	logCode uint8
	// groups are the names by which policy conditions mean this channel and
	// others like it. The first one is the method: calls, texts or the app.
	groups []string
	// phone: its addresses are telephone numbers.
	phone bool
	// addressOf is the channel whose address serves when this one has none.
	addressOf Channel
	// needsAddress: a leg without an address cannot go.
	needsAddress bool
	// firstParty: messages stay with the bank; no vendor is called.
	firstParty bool
	// bodyOnly: a message is one text, and has no place for a title.
	bodyOnly bool
	// task: a person works on it, with a title, an assignee and a due time.
	task bool
}

// voice is the group of the channels on which a voice speaks with the customer.
const voice = "voice"

var unknownChannel = channelRow{groups: []string{""}}

// row returns the channel's row, an empty one for an unknown channel.
func (c Channel) row() *channelRow {
	if i := c.Index(); i >= 0 {
		return &channels[i]
	}
	return &unknownChannel
}

// Channels lists every channel.
func Channels() []Channel {
	all := make([]Channel, NumChannels)
	for i := range channels {
		all[i] = channels[i].name
	}
	return all
}

// Index returns the channel's place in Channels, -1 for an unknown channel.
func (c Channel) Index() int {
	for i := range channels {
		if channels[i].name == c {
			return i
		}
	}
	return -1
}

// Valid reports whether c is one of Channels.
func (c Channel) Valid() bool { return c.Index() >= 0 }

// LogCode returns the number that stands for the channel in stored contact
// logs, 0 for an unknown channel.
func (c Channel) LogCode() uint8 { return c.row().logCode }

// ChannelByLogCode returns the channel with this code in contact logs; ok is
// false where no channel has it.
func ChannelByLogCode(code uint8) (c Channel, ok bool) {
	if int(code) < len(channelsByCode) {
		c = channelsByCode[code]
	}
	return c, c != ""
}

var channelsByCode = func() (byCode [16]Channel) {
	for i := range channels {
		byCode[channels[i].logCode] = channels[i].name
	}
	return byCode
}()

// Groups lists the names by which policy conditions mean this channel and
// others like it, for example "voice" and "human".
func (c Channel) Groups() []string { return c.row().groups }

// Method returns how the channel reaches the customer: "voice", "text" or
// "app". Two channels of one method feel alike to the customer, so rules may
// count them together.
func (c Channel) Method() string { return c.row().groups[0] }

// IsCall reports whether a voice speaks with the customer: a delivered call is
// a connection.
func (c Channel) IsCall() bool { return c.Method() == voice }

// IsPhone reports whether the channel's addresses are telephone numbers.
func (c Channel) IsPhone() bool { return c.row().phone }

// SaysTitles reports whether a message on the channel has a title beside its
// body.
func (c Channel) SaysTitles() bool { return !c.row().bodyOnly }

// IsTask reports whether a leg on the channel is work for a person, with a
// title, an assignee and a due time.
func (c Channel) IsTask() bool { return c.row().task }

// IsFirstParty reports whether the bank itself delivers, in its app or by its
// staff, and no vendor is called.
func (c Channel) IsFirstParty() bool { return c.row().firstParty }

// NeedsAddress reports whether a leg on the channel cannot go without an
// address. The other channels find the customer by id.
func (c Channel) NeedsAddress() bool { return c.row().needsAddress }

// Lane names the queue for touches of one channel and urgency.
func Lane(c Channel, urgent bool) string {
	if urgent {
		return string(c) + ".urgent"
	}
	return string(c) + ".bulk"
}
