package simulate

// deferredHeap has the deferred legs, sorted by instant and then by order of
// deferral. It implements heap.Interface.
type deferredHeap []*pending

func (h deferredHeap) Len() int { return len(h) }

func (h deferredHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].order < h[j].order
	}
	return h[i].at.Before(h[j].at)
}

func (h deferredHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *deferredHeap) Push(x any) { *h = append(*h, x.(*pending)) }

func (h *deferredHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
