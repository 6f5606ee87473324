package testserver

import (
	"os"
	osuser "os/user"
	"strconv"

	"touchgate.dev/touch"
)

// user is the account under which a child process runs.
type user struct {
	uid uint32
	gid uint32
}

// postgresUser returns the account under which PostgreSQL has to run, and nil
// for our own. PostgreSQL refuses to run as root; then it runs as the user
// "postgres", which Debian's package creates.
func postgresUser() (*user, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := osuser.Lookup("postgres")
	if err != nil {
		return nil, touch.Errorf(touch.NotFound, "",
			"PostgreSQL does not run as root, and the user postgres is missing: apt-get install postgresql")
	}
	uid, _ := strconv.Atoi(account.Uid) // the user database holds numbers
	gid, _ := strconv.Atoi(account.Gid)
	return &user{uid: uint32(uid), gid: uint32(gid)}, nil
}

// own makes u the owner of the folder home, and lets u enter the folder above.
func (u *user) own(parent, home string) error {
	if err := os.Chmod(parent, 0o711); err != nil {
		return touch.Errorf(touch.Unavailable, "", "%s cannot be opened to PostgreSQL: %w", parent, err)
	}
	// In a container root may lack the right to enter other users' folders;
	// mode 755 lets it reach the socket nevertheless.
	if err := os.Chmod(home, 0o755); err != nil {
		return touch.Errorf(touch.Unavailable, "", "%s cannot be opened: %w", home, err)
	}
	if err := os.Chown(home, int(u.uid), int(u.gid)); err != nil {
		return touch.Errorf(touch.Unavailable, "", "PostgreSQL cannot be made the owner of %s: %w", home, err)
	}
	return nil
}
