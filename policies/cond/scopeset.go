package cond

import (
	"slices"

	"touchgate.dev/touch"
)

// ScopeSet is a set of scopes, one bit each. A scope is one pair of category
// and channel, and is named by its number, see ScopeOf.
type ScopeSet uint64

var (
	categories = touch.Categories()
	channels   = touch.Channels()
)

// NumScopes is the number of scopes. The shift in AllScopes does not compile
// when there are more scopes than bits in a ScopeSet: widen the type then.
const (
	NumScopes = touch.NumCategories * touch.NumChannels
	AllScopes = ^ScopeSet(0) >> (64 - NumScopes)
)

// ScopeOf is the number of the scope of a category and channel, from 0 to
// NumScopes-1; -1 if either is unknown.
func ScopeOf(category touch.Category, channel touch.Channel) int {
	i, j := category.Index(), channel.Index()
	if i < 0 || j < 0 {
		return -1
	}
	return i*touch.NumChannels + j
}

// Has reports whether the scope is in the set.
func (s ScopeSet) Has(scope int) bool { return s&(1<<scope) != 0 }

// ScopesOf is the set of all pairs of the categories and channels. An empty
// list means all of its kind.
func ScopesOf(cats []touch.Category, chans []touch.Channel) ScopeSet {
	var set ScopeSet
	for _, category := range categories {
		if len(cats) > 0 && !slices.Contains(cats, category) {
			continue
		}
		for _, channel := range channels {
			if len(chans) == 0 || slices.Contains(chans, channel) {
				set |= 1 << ScopeOf(category, channel)
			}
		}
	}
	return set
}

// ScopesMatching is the set of the scopes of a category and a channel. "" is any;
// of a word that is unknown it is any, too.
func ScopesMatching(category touch.Category, channel touch.Channel) ScopeSet {
	set := AllScopes
	if i := category.Index(); i >= 0 {
		set &= (1<<touch.NumChannels - 1) << (i * touch.NumChannels)
	}
	if j := channel.Index(); j >= 0 {
		set &= channelScopes[j]
	}
	return set
}

// channelScopes are the scopes of each channel.
var channelScopes = func() (all [touch.NumChannels]ScopeSet) {
	for i := range categories {
		for j := range channels {
			all[j] |= 1 << (i*touch.NumChannels + j)
		}
	}
	return all
}()

// Factors writes the set as categories × channels. It returns false if the set
// is no such product: for example marketing by SMS together with service by
// push, without marketing by push. An empty list means all of its kind.
func (s ScopeSet) Factors() (cats []touch.Category, chans []touch.Channel, ok bool) {
	for _, category := range categories {
		if s&ScopesOf([]touch.Category{category}, nil) != 0 {
			cats = append(cats, category)
		}
	}
	for _, channel := range channels {
		if s&ScopesOf(nil, []touch.Channel{channel}) != 0 {
			chans = append(chans, channel)
		}
	}

	// With an empty list ScopesOf would mean all, so the empty set is apart.
	if s == 0 {
		return nil, nil, true
	}
	ok = ScopesOf(cats, chans) == s
	if len(cats) == len(categories) {
		cats = nil
	}
	if len(chans) == len(channels) {
		chans = nil
	}
	return cats, chans, ok
}
