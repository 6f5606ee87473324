package touch

// Channel is the medium of one leg, for example a text message or a call.
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
// comes from here: validation, address lookup, listing keys, the codes in
// stored contact logs, the groups in policy conditions and the size of the sets
// of (category, channel).
//
// A new channel changes three files: this one (a constant and a row),
// gateway/httpapi/openapi.yaml (the enum Channel) and the list of adapters (a
// line for its adapter). TestNewChannel adds a row and runs every test named
// TestEveryChannel against the result.
var channels = [...]channelRow{
	{name: SMS, logCode: 1, groups: []string{"text"}, phone: true, needsAddress: true, bodyOnly: true},
	{name: Push, logCode: 2, groups: []string{"app"}, needsAddress: true},
	{name: Popup, logCode: 3, groups: []string{"app"}, firstParty: true},
	{name: Inbox, logCode: 4, groups: []string{"app"}, firstParty: true},
	{
		name: AICall, logCode: 5, groups: []string{voice, "machine"}, phone: true,
		addressOf: SMS, needsAddress: true, bodyOnly: true,
	},
	{
		name: RMTask, logCode: 6, groups: []string{voice, "human"}, phone: true,
		addressOf: SMS, firstParty: true, task: true,
	},
}

// NumChannels is the number of channels. It is a constant, so that it can be the
// size of an array.
const NumChannels = len(channels)

// channelRow holds the facts about one channel.
type channelRow struct {
	name Channel
	// logCode is the channel's number in contact logs, from 1 to 15 (four
	// bits). Logs in Redis hold it. So it never changes, and a new channel never
	// gets the number of a removed one.
	logCode uint8
	// groups are the names of sets of channels that this channel is in. Policy
	// conditions use them. The first one is the method: calls, texts or the app.
	groups []string
	// phone is set if the channel's addresses are telephone numbers.
	phone bool
	// addressOf is the channel whose address is used if this one has none.
	addressOf Channel
	// needsAddress is set if a leg without an address cannot be sent.
	needsAddress bool
	// firstParty is set if messages stay with the bank: no vendor is called.
	firstParty bool
	// bodyOnly is set if a message is one text without a title.
	bodyOnly bool
	// task is set if a person does the leg. It has a title, an assignee and a
	// due time.
	task bool
}

// voice is the group of the channels on which somebody, or a machine, speaks
// with the customer.
const voice = "voice"

// unknownChannel has one group, "", so that Method works for every channel.
var unknownChannel = channelRow{groups: []string{""}}

// row returns the channel's row. It returns unknownChannel if there is none.
func (c Channel) row() *channelRow {
	if i := c.Index(); i >= 0 {
		return &channels[i]
	}
	return &unknownChannel
}

// Channels returns every channel, in the order of Index. The caller may change
// the list.
func Channels() []Channel {
	all := make([]Channel, NumChannels)
	for i := range channels {
		all[i] = channels[i].name
	}
	return all
}

// Index returns the channel's position in Channels, from 0. It returns -1 for an
// unknown channel.
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

// LogCode returns the number that contact logs store for the channel. It returns
// 0 for an unknown channel.
func (c Channel) LogCode() uint8 { return c.row().logCode }

// ChannelByLogCode returns the channel that contact logs store as code. ok is
// false if no channel has the code.
func ChannelByLogCode(code uint8) (c Channel, ok bool) {
	if int(code) < len(channelsByCode) {
		c = channelsByCode[code]
	}
	return c, c != ""
}

// channelsByCode makes ChannelByLogCode a single array access. It runs for every
// entry of a contact log that is read.
var channelsByCode = func() (byCode [16]Channel) {
	for i := range channels {
		byCode[channels[i].logCode] = channels[i].name
	}
	return byCode
}()

// Groups returns the names of the sets of channels that this channel is in, for
// example "voice" and "human". Policy conditions use them. The caller must not
// change the list.
func (c Channel) Groups() []string { return c.row().groups }

// Method returns how the channel reaches the customer: "voice", "text" or "app".
// It returns "" for an unknown channel. Two channels of one method are much the
// same to the customer, so rules may count them together.
func (c Channel) Method() string { return c.row().groups[0] }

// IsCall reports whether the channel is a call. A call that was delivered was
// answered, so it counts as ContactConnected.
func (c Channel) IsCall() bool { return c.Method() == voice }

// IsPhone reports whether the channel's addresses are telephone numbers.
func (c Channel) IsPhone() bool { return c.row().phone }

// SaysTitles reports whether a message on the channel has a title beside its
// body. A text message and a call have a body only.
func (c Channel) SaysTitles() bool { return !c.row().bodyOnly }

// IsTask reports whether a person does a leg on the channel. Such a leg has a
// title, an assignee and a due time.
func (c Channel) IsTask() bool { return c.row().task }

// IsFirstParty reports whether the bank itself delivers, in its app or by its
// staff. No vendor is called then.
func (c Channel) IsFirstParty() bool { return c.row().firstParty }

// NeedsAddress reports whether a leg on the channel cannot be sent without an
// address. The other channels find the customer by id.
func (c Channel) NeedsAddress() bool { return c.row().needsAddress }

// Lane returns the name of the queue for touches of one channel and urgency, for
// example "sms.urgent" or "sms.bulk".
func Lane(c Channel, urgent bool) string {
	if urgent {
		return string(c) + ".urgent"
	}
	return string(c) + ".bulk"
}
