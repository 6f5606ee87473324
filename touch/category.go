package touch

// Category is the purpose of a touch. Policies tell purposes apart by it.
type Category string

// The categories.
const (
	Marketing     Category = "marketing"
	Service       Category = "service"
	Transactional Category = "transactional"
	Collection    Category = "collection"
)

// categories is the one table of categories.
var categories = [...]categoryRow{
	{name: Marketing, logCode: 1},
	{name: Service, logCode: 2},
	{name: Transactional, logCode: 3},
	{name: Collection, logCode: 4},
}

// NumCategories is the number of categories, a constant for the size of arrays.
const NumCategories = len(categories)

// categoryRow holds what is known of one category.
type categoryRow struct {
	name Category
	// logCode is the category's number in contact logs, from 1 to 7. Logs in
	// Redis hold it, so it never changes and is never used again.
	logCode uint8
}

// Categories lists every category.
func Categories() []Category {
	all := make([]Category, NumCategories)
	for i := range categories {
		all[i] = categories[i].name
	}
	return all
}

// CategoryByLogCode returns the category with this code in contact logs; ok is
// false where no category has it.
func CategoryByLogCode(code uint8) (c Category, ok bool) {
	for i := range categories {
		if categories[i].logCode == code {
			return categories[i].name, true
		}
	}
	return "", false
}

// Index returns the category's place in Categories, -1 for an unknown category.
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

// LogCode returns the number that stands for the category in stored contact
// logs, 0 for an unknown category.
func (c Category) LogCode() uint8 {
	if i := c.Index(); i >= 0 {
		return categories[i].logCode
	}
	return 0
}
