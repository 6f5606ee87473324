package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"touchgate.dev/touch"
)

// recover turns a panic into a 500. http.ErrAbortHandler passes: it means that
// the connection shall be cut.
func (co *core) recover(c *gin.Context) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		co.logPanic(requestID(c), p)
		if !c.Writer.Written() {
			co.refuse(c, touch.Errorf(touch.Internal, "", "panic"))
		}
	}()
	c.Next()
}

// logPanic logs the type of a panic and where it happened, but not its value,
// which may hold a customer's data.
func (co *core) logPanic(requestID string, p any) {
	co.log.Error("panic",
		slog.String("request_id", requestID),
		slog.String("panic", fmt.Sprintf("%T", p)),
		slog.String("stack", string(debug.Stack())))
}
