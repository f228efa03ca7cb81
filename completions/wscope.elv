
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
            cand -c 'The URL'
            cand --connect 'The URL'
            cand -l 'As ''wscope listen PORT'''
            cand --listen 'As ''wscope listen PORT'''
            cand --host 'The Host header'
            cand --max-redirects 'As --max-redirs, whose number may be missing'
            cand -H 'Add, replace or remove a request header [repeatable]'
            cand --header 'Add, replace or remove a request header [repeatable]'
            cand -s 'Offer a subprotocol [repeatable, or a comma-separated list]'
            cand --subprotocol 'Offer a subprotocol [repeatable, or a comma-separated list]'
            cand -o 'Send an Origin header'
            cand --origin 'Send an Origin header'
            cand -A 'Send this User-Agent header'
            cand --user-agent 'Send this User-Agent header'
            cand --compress 'Offer permessage-deflate with these parameters [default: client_max_window_bits]'
            cand -u 'Authenticate with user name and password (Basic)'
            cand --user 'Authenticate with user name and password (Basic)'
            cand --bearer 'Authenticate with a token (Authorization: Bearer)'
            cand --cookie 'Send cookies: ''a=b; c=d'' [repeatable]'
            cand --netrc-file 'Read user name and password from this file instead of ~/.netrc'
            cand --connect-timeout 'Time limit for connecting, up to the end of the opening handshake'
            cand --proxy 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]'
            cand --no-proxy 'Do not use a proxy for these hosts [default: the environment variable NO_PROXY]'
            cand --proxy-header 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]'
            cand --connect-to 'Connect to this host and port instead; TLS and HTTP still use those of the URL'
            cand --resolve 'Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]'
            cand --unix-socket 'Connect to this Unix socket instead of the host in the URL'
            cand --interface 'Connect from this local address or network interface'
            cand --cacert 'Also trust the certificates in this file, or in the files of this directory [repeatable]'
            cand --cert 'Client certificate, for a server that requests one'
            cand --key 'Private key of --cert, if it is in another file'
            cand --pass 'Passphrase of the key or of the PKCS#12 file'
            cand --servername 'Send this server name (SNI), and check the certificate for it, instead of the URL''s host'
            cand --tls-min 'Minimum version of TLS'
            cand --tls-max 'Maximum version of TLS'
            cand --max-redirs 'Follow at most N redirects'
            cand --retry 'Retry if the first connection fails, up to N times'
            cand --reconnect 'Reconnect when the connection is lost, up to N times in a row'
            cand --reconnect-delay 'Delay before the first further attempt'
            cand --ping-interval 'Send a ping every TIME, to keep the connection alive and to see that the server answers'
            cand --ping-timeout 'End the connection (exit status 7) if a ping of --ping-interval is not answered within TIME'
            cand --idle-timeout 'End the connection (exit status 7) if nothing is received for TIME'
            cand -x 'Send TEXT once the connection is open, before standard input [repeatable]'
            cand --send 'Send TEXT once the connection is open, before standard input [repeatable]'
            cand --send-hex 'Send bytes, given in hexadecimal, as a binary message [repeatable]'
            cand --send-file 'Send a file as one message [repeatable]'
            cand --send-frame 'Send a single frame, valid or not [repeatable]'
            cand --input 'How to split standard input into messages [default: lines; chunks with --binary]'
            cand --output 'How to write received messages [default: lines; raw with --binary; decorated on a terminal]'
            cand --max-message-size 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)'
            cand -w 'After the end of input, close once nothing has been received for TIME; 0: at once, -1 or ''forever'': wait until the server closes [default: 1s]'
            cand --wait 'After the end of input, close once nothing has been received for TIME; 0: at once, -1 or ''forever'': wait until the server closes [default: 1s]'
            cand --count 'Close after N received messages'
            cand --expect 'Close once a message matches PATTERN; exit status 1 if none does [repeatable, in order]'
            cand -m 'Time limit for the whole run [default with --expect: 30s]'
            cand --max-time 'Time limit for the whole run [default with --expect: 30s]'
            cand --close-timeout 'Time limit for the server''s answer to our Close frame'
            cand --close-code 'Status code of our Close frame'
            cand --close-reason 'Reason of our Close frame'
            cand --timestamps 'Show the time of every line'
            cand --color 'When to use colors'
            cand -P 'As -v, which shows more than pings and pongs'
            cand --show-ping-pong 'As -v, which shows more than pings and pongs'
            cand --no-compress 'Do not offer compression'
            cand --strict 'Fail if the server selects none of the subprotocols offered or does not accept --compress, and, with --expect, if other messages are received in between'
            cand --netrc 'Read user name and password from ~/.netrc, or the file that NETRC names'
            cand --proxy-insecure 'Accept any certificate of an https:// proxy'
            cand -4 'Use IPv4 only'
            cand -6 'Use IPv6 only'
            cand -k 'Accept any certificate'
            cand --insecure 'Accept any certificate'
            cand -n 'As wscat spells --insecure'
            cand --no-check 'As wscat spells --insecure'
            cand --no-system-ca 'Trust only the certificates of --cacert, not the system''s'
            cand -L 'Follow redirects (301, 302, 303, 307, 308)'
            cand --location 'Follow redirects (301, 302, 303, 307, 308)'
            cand --reconnect-on-close 'Reconnect also after 1000, 3000 to 4999 or no code'
            cand -0 'Same as --input nul'
            cand --slash 'Treat lines of standard input that start with / as commands, as at the prompt'
            cand -b 'Send binary messages'
            cand --binary 'Send binary messages'
            cand -t 'Send text messages [the default]'
            cand --text 'Send text messages [the default]'
            cand --echo 'Send every received message back, with the same type'
            cand --json 'Same as --output json: write every event as a line of JSON'
            cand --lenient 'Continue after protocol violations where possible, with a warning for each'
            cand -1 'Same as --count 1'
            cand -v 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
            cand --verbose 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
            cand -q 'Show errors only'
            cand --quiet 'Show errors only'
            cand --no-color 'Same as --color never'
            cand --pretty 'Indent long JSON messages [the default on a terminal]'
            cand --no-pretty 'Show JSON messages as received'
            cand --show-secrets 'Show credentials, cookies and tokens instead of masking them'
            cand --no-config 'Ignore the configuration file and WSCOPE_OPTIONS'
            cand --no-history 'Do not save the history of the prompt'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand listen 'Accept WebSocket clients'
            cand codes 'Explain close codes'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the manual page in roff'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wscope;listen'= {
            cand -H 'Add, replace or remove a header of the 101 response [repeatable]'
            cand --header 'Add, replace or remove a header of the 101 response [repeatable]'
            cand -s 'A subprotocol to accept [repeatable, or a comma-separated list]'
            cand --subprotocol 'A subprotocol to accept [repeatable, or a comma-separated list]'
            cand --allow-origin 'Accept only requests with this Origin; others get 403. ''*'' accepts all [repeatable]'
            cand -u 'Require this user name and password; others get 401. @FILE reads them from a file'
            cand --user 'Require this user name and password; others get 401. @FILE reads them from a file'
            cand --path 'Serve this path only; others get 404'
            cand --max-clients 'Serve at most this many clients at a time; others get 503'
            cand --handshake-timeout 'Time limit for a client''s TLS handshake and request; 0 means no limit'
            cand --tls-cert 'Accept wss://, with this certificate and its chain: PEM, DER or PKCS#12'
            cand --tls-key 'Private key, if it is in another file: PKCS#8, PKCS#1 or SEC 1, encrypted or not'
            cand --tls-pass 'Passphrase of the key, or @FILE to read it from; if it is missing, it is prompted for on the terminal'
            cand -x 'Send TEXT to every client once it is connected [repeatable]'
            cand --send 'Send TEXT to every client once it is connected [repeatable]'
            cand --broadcast 'Send every received message to all other clients; with =all also back to the sender'
            cand --output 'How to write received messages [default: lines; decorated on a terminal]'
            cand --max-message-size 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)'
            cand --max-memory 'Memory limit for the messages of all clients; beyond it the client that holds most is closed'
            cand --count 'End after N messages have been received from all clients together'
            cand --close-timeout 'Time limit for a client''s answer to our Close frame'
            cand --timestamps 'Show the time of every line'
            cand --color 'When to use colors'
            cand --no-compress 'Do not accept compression'
            cand --echo 'Send every received message back, with the same type'
            cand --json 'Same as --output json: write every event as a line of JSON'
            cand --lenient 'Continue after protocol violations where possible, with a warning for each'
            cand --once 'Serve one client, then exit with its status; others get 503'
            cand -1 'Same as --count 1'
            cand -v 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
            cand --verbose 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
            cand -q 'Show errors only'
            cand --quiet 'Show errors only'
            cand --no-color 'Same as --color never'
            cand --pretty 'Indent long JSON messages [the default on a terminal]'
            cand --no-pretty 'Show JSON messages as received'
            cand --show-secrets 'Show credentials, cookies and tokens instead of masking them'
            cand --no-config 'Ignore the configuration file and WSCOPE_OPTIONS'
            cand --no-history 'Do not save the history of the prompt'
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
        &'wscope;help'= {
            cand listen 'Accept WebSocket clients'
            cand codes 'Explain close codes'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the manual page in roff'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wscope;help;listen'= {
        }
        &'wscope;help;codes'= {
        }
        &'wscope;help;completions'= {
        }
        &'wscope;help;man'= {
        }
        &'wscope;help;help'= {
        }
    ]
    $completions[$command]
}
