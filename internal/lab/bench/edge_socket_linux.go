package bench

import (
	"net"
	"syscall"
)

// smallBuffers makes the kernel's receive buffer small. The kernel acknowledges all
// that fits into it, so with a large buffer the target would seem to have a reader.
func smallBuffers(_, _ string, c syscall.RawConn) error {
	var set error
	err := c.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
	})
	if err != nil {
		return err
	}
	return set
}

// closed reports whether the other side has closed the connection. Nobody reads from
// it, so only the kernel knows.
func closed(conn net.Conn) bool {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return true
	}
	ended := false
	err = raw.Control(func(fd uintptr) {
		// The first byte of TCP_INFO is the state of the connection.
		state, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO)
		ended = err != nil || state&0xff != established
	})
	return err != nil || ended
}

// established is the state of a connection that both sides have open.
const established = 1
