package sqlstore

// clampLimit returns a limit between 1 and most; n of 0 or less means usual.
func clampLimit(n, usual, most int) int {
	if n <= 0 {
		return usual
	}
	return min(n, most)
}
