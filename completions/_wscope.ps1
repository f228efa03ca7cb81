
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'wscope' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'wscope'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'wscope' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The URL')
            [CompletionResult]::new('--connect', '--connect', [CompletionResultType]::ParameterName, 'The URL')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'As ''wscope listen PORT''')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'As ''wscope listen PORT''')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The Host header')
            [CompletionResult]::new('--max-redirects', '--max-redirects', [CompletionResultType]::ParameterName, 'As --max-redirs, whose number may be missing')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add, replace or remove a request header [repeatable]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add, replace or remove a request header [repeatable]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Offer a subprotocol [repeatable, or a list with commas]')
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'Offer a subprotocol [repeatable, or a list with commas]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Send an Origin header')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Send an Origin header')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Send this User-Agent header')
            [CompletionResult]::new('--user-agent', '--user-agent', [CompletionResultType]::ParameterName, 'Send this User-Agent header')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'Offer permessage-deflate with these parameters [default: client_max_window_bits]')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Log in with user name and password (Basic)')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Log in with user name and password (Basic)')
            [CompletionResult]::new('--bearer', '--bearer', [CompletionResultType]::ParameterName, 'Log in with a token (Authorization: Bearer)')
            [CompletionResult]::new('--cookie', '--cookie', [CompletionResultType]::ParameterName, 'Send cookies: ''a=b; c=d'' [repeatable]')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'Take user name and password from this file, written like ~/.netrc')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Limit on everything up to the end of the opening handshake')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]')
            [CompletionResult]::new('--no-proxy', '--no-proxy', [CompletionResultType]::ParameterName, 'Use no proxy for these hosts [default: the environment variable NO_PROXY]')
            [CompletionResult]::new('--proxy-header', '--proxy-header', [CompletionResultType]::ParameterName, 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]')
            [CompletionResult]::new('--connect-to', '--connect-to', [CompletionResultType]::ParameterName, 'Connect to this host and port instead; the URL stays what it is for TLS and HTTP')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Use these addresses for a host and port, without DNS; the host may be * [repeatable]')
            [CompletionResult]::new('--unix-socket', '--unix-socket', [CompletionResultType]::ParameterName, 'Connect to this Unix socket, whatever host the URL names')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Connect from this address or network interface of ours')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust the certificates in this file, or in the files of this folder, too [repeatable]')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Present this certificate to a server that asks for one')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The key of --cert, if it is in a file of its own')
            [CompletionResult]::new('--pass', '--pass', [CompletionResultType]::ParameterName, 'The passphrase of the key, or of the PKCS#12 file')
            [CompletionResult]::new('--servername', '--servername', [CompletionResultType]::ParameterName, 'Ask the server for this name (SNI), and check its certificate for it, instead of the URL''s')
            [CompletionResult]::new('--tls-min', '--tls-min', [CompletionResultType]::ParameterName, 'The oldest version of TLS to accept')
            [CompletionResult]::new('--tls-max', '--tls-max', [CompletionResultType]::ParameterName, 'The newest version of TLS to offer')
            [CompletionResult]::new('--max-redirs', '--max-redirs', [CompletionResultType]::ParameterName, 'Follow at most this many redirects')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try again if the first connection fails, up to N times')
            [CompletionResult]::new('--reconnect', '--reconnect', [CompletionResultType]::ParameterName, 'Connect again when the connection is lost, up to N times in a row')
            [CompletionResult]::new('--reconnect-delay', '--reconnect-delay', [CompletionResultType]::ParameterName, 'The first wait before another attempt')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Send a ping so often, to keep the connection busy and to see that the server answers')
            [CompletionResult]::new('--ping-timeout', '--ping-timeout', [CompletionResultType]::ParameterName, 'End the connection (status 7) if a ping of --ping-interval is not answered in time')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'End the connection (status 7) if nothing at all comes for so long')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Send this text once open, before standard input [repeatable]')
            [CompletionResult]::new('--send', '--send', [CompletionResultType]::ParameterName, 'Send this text once open, before standard input [repeatable]')
            [CompletionResult]::new('--send-hex', '--send-hex', [CompletionResultType]::ParameterName, 'Send these bytes as a binary message [repeatable]')
            [CompletionResult]::new('--send-file', '--send-file', [CompletionResultType]::ParameterName, 'Send a file as one message [repeatable]')
            [CompletionResult]::new('--send-frame', '--send-frame', [CompletionResultType]::ParameterName, 'Send this very frame, allowed or not [repeatable]')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'How standard input becomes messages: a line each, up to each NUL, all as one, as it comes, or JSON actions [default: lines; chunks with --binary]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How received messages are written [default: lines; raw with --binary; decorated on a terminal]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'Close 1009 on a larger message; 64K, 10M and 1G are understood')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'After the end of input go on until nothing has come for so long; 0 closes at once, -1 or ''forever'' goes on until the server closes [default: 1s]')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'After the end of input go on until nothing has come for so long; 0 closes at once, -1 or ''forever'' goes on until the server closes [default: 1s]')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Close after this many received messages')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'Close once such a message is received; exit status 1 otherwise [repeatable, in order]')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Limit on the whole run [default with --expect: 30s]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Limit on the whole run [default with --expect: 30s]')
            [CompletionResult]::new('--close-timeout', '--close-timeout', [CompletionResultType]::ParameterName, 'How long the server may take to answer our Close frame')
            [CompletionResult]::new('--close-code', '--close-code', [CompletionResultType]::ParameterName, 'Code of our Close frame')
            [CompletionResult]::new('--close-reason', '--close-reason', [CompletionResultType]::ParameterName, 'Reason in our Close frame')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Show when things happened')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'As -v, which shows more than pings and pongs')
            [CompletionResult]::new('--show-ping-pong', '--show-ping-pong', [CompletionResultType]::ParameterName, 'As -v, which shows more than pings and pongs')
            [CompletionResult]::new('--no-compress', '--no-compress', [CompletionResultType]::ParameterName, 'Offer no compression')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make it an error if the server chooses no subprotocol of those offered, or does not accept --compress, or, with --expect, if other messages come between')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Take user name and password from ~/.netrc, or the file that NETRC names')
            [CompletionResult]::new('--proxy-insecure', '--proxy-insecure', [CompletionResultType]::ParameterName, 'Accept any certificate of an https:// proxy')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use IPv4 only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use IPv6 only')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Accept any certificate')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'As wscat spells --insecure')
            [CompletionResult]::new('--no-check', '--no-check', [CompletionResultType]::ParameterName, 'As wscat spells --insecure')
            [CompletionResult]::new('--no-system-ca', '--no-system-ca', [CompletionResultType]::ParameterName, 'Trust only the certificates of --cacert, not the system''s')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow redirects (301, 302, 303, 307, 308)')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Follow redirects (301, 302, 303, 307, 308)')
            [CompletionResult]::new('--reconnect-on-close', '--reconnect-on-close', [CompletionResultType]::ParameterName, 'Connect again also when the server closed with 1000, 3000 to 4999 or no code')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'Short for --input nul')
            [CompletionResult]::new('--slash', '--slash', [CompletionResultType]::ParameterName, 'Take lines of standard input that start with / for commands, as a prompt always does')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Send binary messages')
            [CompletionResult]::new('--binary', '--binary', [CompletionResultType]::ParameterName, 'Send binary messages')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Send text messages [the default]')
            [CompletionResult]::new('--text', '--text', [CompletionResultType]::ParameterName, 'Send text messages [the default]')
            [CompletionResult]::new('--echo', '--echo', [CompletionResultType]::ParameterName, 'Send every received message back, with the same type')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Short for --output json: every event as a line of JSON')
            [CompletionResult]::new('--lenient', '--lenient', [CompletionResultType]::ParameterName, 'Go on after violations of the protocol where that is possible; each is told as a warning')
            [CompletionResult]::new('-1', '-1', [CompletionResultType]::ParameterName, 'Short for --count 1')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show both heads and control frames; -vv every frame; -vvv every byte')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show both heads and control frames; -vv every frame; -vvv every byte')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Short for --color never')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'Indent long JSON messages [the default on a terminal]')
            [CompletionResult]::new('--no-pretty', '--no-pretty', [CompletionResultType]::ParameterName, 'Show JSON messages as they came')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show credentials, cookies and tokens, which are masked otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Take neither the configuration file nor WSCOPE_OPTIONS into account')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'Keep nothing of what is typed at the prompt')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Accept WebSocket clients')
            [CompletionResult]::new('codes', 'codes', [CompletionResultType]::ParameterValue, 'Tell what close codes mean')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page in roff')
            break
        }
        'wscope;listen' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add, replace or remove a header of the response that accepts [repeatable]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add, replace or remove a header of the response that accepts [repeatable]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'A subprotocol that is spoken [repeatable, or a list with commas]')
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'A subprotocol that is spoken [repeatable, or a list with commas]')
            [CompletionResult]::new('--allow-origin', '--allow-origin', [CompletionResultType]::ParameterName, 'Accept only requests with this Origin; others get 403. ''*'' accepts all [repeatable]')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Ask for this user name and password; others get 401. @FILE reads them from a file')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Ask for this user name and password; others get 401. @FILE reads them from a file')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Serve this path only; others get 404')
            [CompletionResult]::new('--max-clients', '--max-clients', [CompletionResultType]::ParameterName, 'Serve at most this many clients at a time; others get 503')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'How long a client may take for TLS and its request; 0 for no limit')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Listen for wss://, with this certificate: PEM, DER or PKCS#12, with those above it')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Its key, if it is in a file of its own: PKCS#8, PKCS#1 or SEC 1, encrypted or not')
            [CompletionResult]::new('--tls-pass', '--tls-pass', [CompletionResultType]::ParameterName, 'Passphrase of the key, or @FILE with it; asked for on the terminal if it is missing')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Send this text to every client once it is open [repeatable]')
            [CompletionResult]::new('--send', '--send', [CompletionResultType]::ParameterName, 'Send this text to every client once it is open [repeatable]')
            [CompletionResult]::new('--broadcast', '--broadcast', [CompletionResultType]::ParameterName, 'Send every received message to all other clients; with =all also back to the sender')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How received messages are written [default: lines; decorated on a terminal]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'Close 1009 on a larger message; 64K, 10M and 1G are understood')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Memory for messages of all clients together; over it the client that holds the most is closed')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End after this many received messages, from all clients together')
            [CompletionResult]::new('--close-timeout', '--close-timeout', [CompletionResultType]::ParameterName, 'How long a client may take to answer our Close frame')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Show when things happened')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours')
            [CompletionResult]::new('--no-compress', '--no-compress', [CompletionResultType]::ParameterName, 'Agree to no compression')
            [CompletionResult]::new('--echo', '--echo', [CompletionResultType]::ParameterName, 'Send every received message back, with the same type')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Short for --output json: every event as a line of JSON')
            [CompletionResult]::new('--lenient', '--lenient', [CompletionResultType]::ParameterName, 'Go on after violations of the protocol where that is possible; each is told as a warning')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Serve one client, then exit with its outcome; others get 503')
            [CompletionResult]::new('-1', '-1', [CompletionResultType]::ParameterName, 'Short for --count 1')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show both heads and control frames; -vv every frame; -vvv every byte')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show both heads and control frames; -vv every frame; -vvv every byte')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Short for --color never')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'Indent long JSON messages [the default on a terminal]')
            [CompletionResult]::new('--no-pretty', '--no-pretty', [CompletionResultType]::ParameterName, 'Show JSON messages as they came')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show credentials, cookies and tokens, which are masked otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Take neither the configuration file nor WSCOPE_OPTIONS into account')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'Keep nothing of what is typed at the prompt')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'wscope;codes' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wscope;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'wscope;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
