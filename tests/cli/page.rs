//! The page that `--ui` serves: raw requests, and a tab that is driven by the test.

use serde_json::{Value, json};

use crate::support::{CLOSE, Peer, Running, TEXT, assert_status, close, header, masked, text};

mod connections;
#[cfg(unix)]
mod fates;
mod guards;
mod odd_requests;
#[cfg(target_os = "linux")]
mod pressure;
#[cfg(unix)]
mod prompt;
mod proxied;
#[cfg(unix)]
mod recordings;
mod saves;
#[cfg(unix)]
mod the_end;

/// What a request for the socket has beside Host, Origin and the cookie.
const UPGRADE: [&str; 4] = [
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// A page, as its URL says.
#[derive(Clone, Debug)]
struct Page {
    port: u16,
    token: String,
}

impl Page {
    /// That of a program which has just been started.
    #[track_caller]
    fn of(running: &mut Running) -> Self {
        Self::in_text(&running.wait_stderr("page: http://"))
    }

    /// That of the URL in a text.
    #[track_caller]
    fn in_text(line: &str) -> Self {
        let url = line.split("page: http://127.0.0.1:").nth(1).expect("the URL of a page");
        let (port, rest) = url.split_once("/#token=").expect("a port and a token");
        let token: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        assert_eq!(token.len(), 32, "128 bits");
        Self { port: port.parse().expect("a port"), token }
    }

    /// `127.0.0.1:PORT`
    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends a raw request. Returns the head and the body of the answer.
    #[track_caller]
    fn requested(&self, request: &str) -> (String, String) {
        let mut peer = Peer::connect(self.port);
        peer.send(request);
        peer.answer()
    }

    /// A GET with the right Host, and these fields.
    #[track_caller]
    fn get(&self, target: &str, fields: &[&str]) -> (String, String) {
        self.requested(&self.request("GET", target, fields, ""))
    }

    /// A request with the right Host, these fields and this body.
    fn request(&self, method: &str, target: &str, fields: &[&str], body: &str) -> String {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n{body}", self.host())
    }

    /// Shows a token, with these fields in place of the right Origin.
    #[track_caller]
    fn shown(&self, token: &str, origin: &[&str]) -> (String, String) {
        let body = json!({ "token": token }).to_string();
        let length = format!("Content-Length: {}", body.len());
        let fields = [&["Content-Type: application/json", &*length][..], origin].concat();
        self.requested(&self.request("POST", "/session", &fields, &body))
    }

    /// `Origin: http://127.0.0.1:PORT`
    fn origin(&self) -> String {
        format!("Origin: http://{}", self.host())
    }

    /// Trades the token for the cookie, and returns that as a field of requests.
    #[track_caller]
    fn cookie(&self) -> String {
        let (head, _) = self.shown(&self.token, &[&self.origin()]);
        assert_status(&head, 204);
        let cookie = header(&head, "Set-Cookie").expect("a cookie");
        let (pair, attributes) = cookie.split_once("; ").expect("attributes");
        assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/");
        format!("Cookie: {pair}")
    }

    /// A tab that has opened its WebSocket.
    #[track_caller]
    fn tab(&self) -> Tab {
        let cookie = self.cookie();
        let (peer, head) = self.upgrade("/socket", &[&self.origin(), &cookie]);
        assert_status(&head, 101);
        let mut tab = Tab { peer, id: 0, state: Value::Null, cookie };
        tab.ask("hello", json!({})); // notices follow the first answer
        tab
    }

    /// Asks for an upgrade with these fields. Returns the head of the answer, too.
    #[track_caller]
    fn upgrade(&self, target: &str, fields: &[&str]) -> (Peer, String) {
        let mut peer = Peer::connect(self.port);
        peer.send(self.request("GET", target, &[&UPGRADE[..], fields].concat(), ""));
        let head = peer.read_head();
        (peer, head)
    }
}

/// The WebSocket of a tab.
struct Tab {
    peer: Peer,
    /// Of the last request.
    id: u64,
    /// The last notice.
    state: Value,
    cookie: String,
}

impl Tab {
    /// The result of a request.
    #[track_caller]
    fn ask(&mut self, method: &str, members: Value) -> Value {
        let answer = self.answer(method, members);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The error of a request that is refused.
    #[track_caller]
    fn refused(&mut self, method: &str, members: Value) -> String {
        let answer = self.answer(method, members);
        answer["error"].as_str().unwrap_or_else(|| panic!("{method}: {answer}")).to_owned()
    }

    #[track_caller]
    fn answer(&mut self, method: &str, mut members: Value) -> Value {
        self.id += 1;
        members["id"] = self.id.into();
        members["method"] = method.into();
        self.peer.send(masked(&text(&members.to_string())));
        loop {
            let message = self.next();
            if message["id"] == self.id {
                return message;
            }
        }
    }

    /// The next answer or notice.
    #[track_caller]
    fn next(&mut self) -> Value {
        let (opcode, payload) = self.peer.read_message();
        assert_eq!(opcode, TEXT, "{}", payload.escape_ascii());
        let message: Value = serde_json::from_slice(&payload).expect("JSON");
        if message["notice"] == "state" {
            self.state = message.clone();
        }
        message
    }

    /// Waits for a state that `is_it` accepts.
    #[track_caller]
    fn wait(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        while self.state.is_null() || !is_it(&self.state) {
            self.next();
        }
        self.state.clone()
    }

    /// Waits until there are so many messages.
    #[track_caller]
    fn wait_for_messages(&mut self, count: u64) {
        self.wait(|state| state["messages"].as_u64() >= Some(count));
    }

    /// All rows, up to 500.
    #[track_caller]
    fn rows(&mut self, filtered: bool) -> Vec<Value> {
        let rows = self.ask("rows", json!({"from": 0, "count": 500, "filtered": filtered}));
        rows["rows"].as_array().expect("rows").clone()
    }

    /// The rows of data messages, each as direction and preview.
    #[track_caller]
    fn messages(&mut self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rows = self.rows(false).into_iter().filter(|row| row["event"] == "message");
        rows.map(|row| (text(&row["direction"]), text(&row["preview"]))).collect()
    }

    /// The last notice says that the run has ended; then the socket is closed.
    #[track_caller]
    fn expect_end(mut self) -> Value {
        let state = self.wait(|state| state["phase"] == "ended");
        self.expect_close(1001);
        self.peer.try_send(masked(&close(1001, "")));
        state
    }

    /// Notices may come before the Close frame.
    #[track_caller]
    fn expect_close(&mut self, code: u16) {
        loop {
            let frame = self.peer.read_frame();
            if frame.opcode == CLOSE {
                return assert_eq!(frame.payload[..2], code.to_be_bytes());
            }
        }
    }

    /// Closes the tab.
    #[track_caller]
    fn leave(mut self) {
        self.peer.send(masked(&close(1000, "")));
        self.expect_close(1000);
        self.peer.expect_eof();
    }
}

/// A message for `send`.
fn message(connection: Option<u64>, to: &str, data: &str) -> Value {
    json!({"connection": connection, "to": to, "type": "text", "encoding": "utf8", "data": data})
}
