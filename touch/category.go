package touch

// Category is the purpose of a touch. Rules apply to some categories and not to
// others: quiet hours may bind marketing, and let a one-time password pass.
type Category string

// The categories.
const (
	Marketing     Category = "marketing"     // an offer
	Service       Category = "service"       // about a product that the customer has
	Transactional Category = "transactional" // part of what the customer does now: a one-time password
	Collection    Category = "collection"    // about a debt
)

// categories is the one table of categories. Validation, the codes in stored
// contact logs and the size of the sets of (category, channel) come from here.
var categories = [...]categoryRow{
	{name: Marketing, logCode: 1},
	{name: Service, logCode: 2},
	{name: Transactional, logCode: 3},
	{name: Collection, logCode: 4},
}

// NumCategories is the number of categories. It is a constant, so that it can be
// the size of an array.
const NumCategories = len(categories)

// categoryRow holds the facts about one category.
type categoryRow struct {
	name Category
	// logCode is the category's number in contact logs, from 1 to 7 (three
	// bits). Logs in Redis hold it. So it never changes, and a new category
	// never gets the number of a removed one.
	logCode uint8
}

// Categories returns every category, in the order of Index. The caller may
// change the list.
func Categories() []Category {
	all := make([]Category, NumCategories)
	for i := range categories {
		all[i] = categories[i].name
	}
	return all
}

// CategoryByLogCode returns the category that contact logs store as code. ok is
// false if no category has the code.
func CategoryByLogCode(code uint8) (c Category, ok bool) {
	for i := range categories {
		if categories[i].logCode == code {
			return categories[i].name, true
		}
	}
	return "", false
}

// Index returns the category's position in Categories, from 0. It returns -1 for
// an unknown category.
func (c Category) Index() int {
	for i := range categories {
		if categories[i].name == c {
			return i
		}
	}
	return -1
}

// Valid reports whether c is one of Categories.
func (c Category) Valid() bool { return c.Index() >= 0 }

// LogCode returns the number that contact logs store for the category. It
// returns 0 for an unknown category.
func (c Category) LogCode() uint8 {
	if i := c.Index(); i >= 0 {
		return categories[i].logCode
	}
	return 0
}
