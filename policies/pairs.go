package policies

import (
	"slices"

	"touchgate.dev/touch"
)

// pairs is a set of (category, channel), one bit for each pair.
type pairs uint64

var categories, channels = touch.Categories(), touch.Channels()

// numPairs is the number of pairs. The shift in allPairs does not compile when
// it exceeds the bits of the set: widen pairs then.
const (
	numPairs = touch.NumCategories * touch.NumChannels
	allPairs = ^pairs(0) >> (64 - numPairs)
)

// pairOf is the bit number of a category and channel; -1 where either is unknown.
func pairOf(category touch.Category, channel touch.Channel) int {
	i, j := category.Index(), channel.Index()
	if i < 0 || j < 0 {
		return -1
	}
	return i*touch.NumChannels + j
}

func (p pairs) has(pair int) bool { return p&(1<<pair) != 0 }

// product takes p apart into categories × channels; false when it is no such
// product. A dimension that is not restricted comes back empty.
func (p pairs) product() (cats []touch.Category, chans []touch.Channel, ok bool) {
	var sum pairs
	for _, category := range categories {
		for _, channel := range channels {
			if p.has(pairOf(category, channel)) {
				if !slices.Contains(cats, category) {
					cats = append(cats, category)
				}
				if !slices.Contains(chans, channel) {
					chans = append(chans, channel)
				}
			}
		}
	}
	for _, category := range cats {
		for _, channel := range chans {
			sum |= 1 << pairOf(category, channel)
		}
	}
	if ok = sum == p; len(cats) == len(categories) {
		cats = nil
	}
	if len(chans) == len(channels) {
		chans = nil
	}
	return cats, chans, ok
}

// product is the set of cats × chans; an empty list is all of them.
func product(cats []touch.Category, chans []touch.Channel) (p pairs) {
	for _, category := range categories {
		for _, channel := range channels {
			if (len(cats) == 0 || slices.Contains(cats, category)) && (len(chans) == 0 || slices.Contains(chans, channel)) {
				p |= 1 << pairOf(category, channel)
			}
		}
	}
	return p
}
