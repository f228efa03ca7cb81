
use builtin;
use str;

set edit:completion:arg-completer[wscope] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'wscope'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'wscope'= {
            cand -c 'As wscat spells it'
            cand --connect 'As wscat spells it'
            cand -H 'Add, replace or remove a request header [repeatable]'
            cand --header 'Add, replace or remove a request header [repeatable]'
            cand -s 'Offer a subprotocol [repeatable, or a list with commas]'
            cand --subprotocol 'Offer a subprotocol [repeatable, or a list with commas]'
            cand -o 'Send an Origin header'
            cand --origin 'Send an Origin header'
            cand -A 'Send this User-Agent header'
            cand --user-agent 'Send this User-Agent header'
            cand --compress 'Offer permessage-deflate with these parameters [default: client_max_window_bits]'
            cand --cacert 'Trust the certificates in this PEM file too'
            cand --connect-timeout 'Limit on everything up to the end of the opening handshake'
            cand --max-redirs 'Follow at most this many redirects'
            cand --retry 'Try again if the first connection fails, up to N times'
            cand --reconnect 'Connect again when the connection is lost, up to N times in a row'
            cand --reconnect-delay 'The first wait before another attempt'
            cand --ping-interval 'Send a ping so often, to keep the connection busy and to see that the server answers'
            cand --ping-timeout 'End the connection (status 7) if a ping of --ping-interval is not answered in time'
            cand --idle-timeout 'End the connection (status 7) if nothing at all comes for so long'
            cand -x 'Send this text once open, before standard input [repeatable]'
            cand --send 'Send this text once open, before standard input [repeatable]'
            cand --send-hex 'Send these bytes as a binary message [repeatable]'
            cand --send-file 'Send a file as one message [repeatable]'
            cand --send-frame 'Send this very frame, allowed or not [repeatable]'
            cand --input 'How standard input becomes messages: a line each, up to each NUL, all as one, as it comes, or JSON actions [default: lines; chunks with --binary]'
            cand --output 'How received messages are written [default: lines; raw with --binary; decorated on a terminal]'
            cand --max-message-size 'Close 1009 on a larger message; 64K, 10M and 1G are understood'
            cand -w 'After the end of input go on until nothing has come for so long; 0 closes at once, -1 or ''forever'' goes on until the server closes [default: 1s]'
            cand --wait 'After the end of input go on until nothing has come for so long; 0 closes at once, -1 or ''forever'' goes on until the server closes [default: 1s]'
            cand --count 'Close after this many received messages'
            cand --expect 'Close once such a message has come; exit status 1 if it does not [repeatable, in order]'
            cand -m 'Limit on the whole run [default with --expect: 30s]'
            cand --max-time 'Limit on the whole run [default with --expect: 30s]'
            cand --close-timeout 'How long the server may take to answer our Close frame'
            cand --close-code 'Code of our Close frame'
            cand --close-reason 'Reason in our Close frame'
            cand --timestamps 'Show when things happened'
            cand --color 'Colours'
            cand --no-compress 'Offer no compression'
            cand --strict 'Make it an error if the server chooses no subprotocol of those offered, or does not accept --compress, or, with --expect, if other messages come between'
            cand -k 'Accept any certificate'
            cand --insecure 'Accept any certificate'
            cand -n 'As wscat spells --insecure'
            cand --no-check 'As wscat spells --insecure'
            cand -4 'Use IPv4 only'
            cand -6 'Use IPv6 only'
            cand -L 'Follow redirects (301, 302, 303, 307, 308)'
            cand --location 'Follow redirects (301, 302, 303, 307, 308)'
            cand --reconnect-on-close 'Connect again also when the server closed with 1000, 3000 to 4999 or no code'
            cand -0 'Short for --input nul'
            cand -b 'Send binary messages'
            cand --binary 'Send binary messages'
            cand -t 'Send text messages [the default]'
            cand --text 'Send text messages [the default]'
            cand --echo 'Send every received message back, with the same type'
            cand --json 'Short for --output json: every event as a line of JSON'
            cand --lenient 'Go on after violations of the protocol where that is possible; each is told as a warning'
            cand -1 'Short for --count 1'
            cand -v 'Show both heads and control frames; -vv every frame; -vvv every byte'
            cand --verbose 'Show both heads and control frames; -vv every frame; -vvv every byte'
            cand -q 'Show errors only'
            cand --quiet 'Show errors only'
            cand --no-color 'Short for --color never'
            cand --pretty 'Indent long JSON messages [the default on a terminal]'
            cand --no-pretty 'Show JSON messages as they came'
            cand --show-secrets 'Show credentials, cookies and tokens, which are masked otherwise'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand listen 'Accept WebSocket clients'
            cand codes 'Tell what close codes mean'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the manual page in roff'
        }
        &'wscope;listen'= {
            cand -H 'Add, replace or remove a header of the response that accepts [repeatable]'
            cand --header 'Add, replace or remove a header of the response that accepts [repeatable]'
            cand -s 'A subprotocol that is spoken [repeatable, or a list with commas]'
            cand --subprotocol 'A subprotocol that is spoken [repeatable, or a list with commas]'
            cand --allow-origin 'Accept pages of this origin only; others, and what is no page, get 403 [repeatable]'
            cand -u 'Ask for this user name and password; others get 401. @FILE reads them from a file'
            cand --user 'Ask for this user name and password; others get 401. @FILE reads them from a file'
            cand --path 'Serve this path only; others get 404'
            cand --max-clients 'Serve at most this many clients at a time; others get 503'
            cand --handshake-timeout 'How long a client may take for TLS and its request'
            cand --tls-cert 'Listen for wss://, with the certificates in this PEM file, ours first'
            cand --tls-key 'The key of the first certificate, as PKCS#8 in PEM'
            cand -x 'Send this text to every client once it is open [repeatable]'
            cand --send 'Send this text to every client once it is open [repeatable]'
            cand --broadcast 'Send every received message to all other clients; with =all also back to the sender'
            cand --output 'How received messages are written [default: lines; decorated on a terminal]'
            cand --max-message-size 'Close 1009 on a larger message; 64K, 10M and 1G are understood'
            cand --count 'End after this many received messages, from all clients together'
            cand --close-timeout 'How long a client may take to answer our Close frame'
            cand --timestamps 'Show when things happened'
            cand --color 'Colours'
            cand --no-compress 'Agree to no compression'
            cand --echo 'Send every received message back, with the same type'
            cand --json 'Short for --output json: every event as a line of JSON'
            cand --lenient 'Go on after violations of the protocol where that is possible; each is told as a warning'
            cand --once 'Serve one client, then exit with its outcome; others get 503'
            cand -1 'Short for --count 1'
            cand -v 'Show both heads and control frames; -vv every frame; -vvv every byte'
            cand --verbose 'Show both heads and control frames; -vv every frame; -vvv every byte'
            cand -q 'Show errors only'
            cand --quiet 'Show errors only'
            cand --no-color 'Short for --color never'
            cand --pretty 'Indent long JSON messages [the default on a terminal]'
            cand --no-pretty 'Show JSON messages as they came'
            cand --show-secrets 'Show credentials, cookies and tokens, which are masked otherwise'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'wscope;codes'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'wscope;completions'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'wscope;man'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
    ]
    $completions[$command]
}
