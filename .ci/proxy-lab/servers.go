// Echo servers of Go packages: servers.go KIND PORT, and `kinds` for their names. See servers-python.py.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"
	xwebsocket "golang.org/x/net/websocket"
	nhooyr "nhooyr.io/websocket"
)

const protocol = "chat.v1"
const limit = 16 << 20

// requestedClose returns the code and the reason that the client asks for, if it does.
func requestedClose(text []byte) (int, string, bool) {
	parts := strings.SplitN(string(text), " ", 3)
	if len(parts) != 3 || parts[0] != "close" {
		return 0, "", false
	}
	code, err := strconv.Atoi(parts[1])
	return code, parts[2], err == nil
}

func gorilla(response http.ResponseWriter, request *http.Request) {
	upgrader := websocket.Upgrader{
		Subprotocols: []string{protocol}, EnableCompression: true,
		CheckOrigin: func(*http.Request) bool { return true },
	}
	socket, err := upgrader.Upgrade(response, request, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	for {
		kind, data, err := socket.ReadMessage()
		if err != nil {
			return
		}
		if code, reason, asked := requestedClose(data); asked {
			socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason))
			continue
		}
		socket.WriteMessage(kind, data)
	}
}

func coder(response http.ResponseWriter, request *http.Request) {
	options := nhooyr.AcceptOptions{Subprotocols: []string{protocol}, InsecureSkipVerify: true}
	socket, err := nhooyr.Accept(response, request, &options)
	if err != nil {
		return
	}
	socket.SetReadLimit(limit)
	for {
		kind, data, err := socket.Read(context.Background())
		if err != nil {
			return
		}
		if code, reason, asked := requestedClose(data); asked {
			socket.Close(nhooyr.StatusCode(code), reason)
			return
		}
		socket.Write(context.Background(), kind, data)
	}
}

// xnet has no close codes, and leaves it to the handler to choose a subprotocol.
func xnet() http.Handler {
	return xwebsocket.Server{
		Handshake: func(config *xwebsocket.Config, request *http.Request) error {
			for _, offered := range config.Protocol {
				if offered == protocol {
					config.Protocol = []string{protocol}
					return nil
				}
			}
			config.Protocol = nil
			return nil
		},
		Handler: func(socket *xwebsocket.Conn) {
			socket.MaxPayloadBytes = limit
			for {
				var message any
				codec := xwebsocket.Codec{
					Marshal: func(v any) ([]byte, byte, error) { m := v.(frame); return m.data, m.kind, nil },
					Unmarshal: func(data []byte, kind byte, v any) error {
						*v.(*any) = frame{append([]byte(nil), data...), kind}
						return nil
					},
				}
				if codec.Receive(socket, &message) != nil || codec.Send(socket, message) != nil {
					return
				}
			}
		},
	}
}

type frame struct {
	data []byte
	kind byte
}

func main() {
	kinds := map[string]http.Handler{
		"go-gorilla": http.HandlerFunc(gorilla), "go-coder": http.HandlerFunc(coder), "go-x-net": xnet(),
	}
	if os.Args[1] == "kinds" {
		fmt.Println("go-gorilla go-coder go-x-net")
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		panic(err)
	}
	panic(http.Serve(listener, kinds[os.Args[1]]))
}
