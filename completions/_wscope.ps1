
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
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add, replace or remove a request header [repeatable]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add, replace or remove a request header [repeatable]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Offer a subprotocol [repeatable, or a comma-separated list]')
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'Offer a subprotocol [repeatable, or a comma-separated list]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Send an Origin header')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Send an Origin header')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Send this User-Agent header')
            [CompletionResult]::new('--user-agent', '--user-agent', [CompletionResultType]::ParameterName, 'Send this User-Agent header')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'Offer permessage-deflate with these parameters [default: client_max_window_bits]')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Authenticate with user name and password (Basic)')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Authenticate with user name and password (Basic)')
            [CompletionResult]::new('--bearer', '--bearer', [CompletionResultType]::ParameterName, 'Authenticate with a token (Authorization: Bearer)')
            [CompletionResult]::new('--cookie', '--cookie', [CompletionResultType]::ParameterName, 'Send cookies: ''a=b; c=d'' [repeatable]')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'Read user name and password from this file instead of ~/.netrc')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time limit for connecting, up to the end of the opening handshake')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]')
            [CompletionResult]::new('--no-proxy', '--no-proxy', [CompletionResultType]::ParameterName, 'Do not use a proxy for these hosts [default: the environment variable NO_PROXY]')
            [CompletionResult]::new('--proxy-header', '--proxy-header', [CompletionResultType]::ParameterName, 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]')
            [CompletionResult]::new('--connect-to', '--connect-to', [CompletionResultType]::ParameterName, 'Connect to this host and port instead; TLS and HTTP still use those of the URL')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]')
            [CompletionResult]::new('--unix-socket', '--unix-socket', [CompletionResultType]::ParameterName, 'Connect to this Unix socket instead of the host in the URL')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Connect from this local address or network interface')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificates in this file, or in the files of this directory [repeatable]')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate, for a server that requests one')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Private key of --cert, if it is in another file')
            [CompletionResult]::new('--pass', '--pass', [CompletionResultType]::ParameterName, 'Passphrase of the key or of the PKCS#12 file')
            [CompletionResult]::new('--servername', '--servername', [CompletionResultType]::ParameterName, 'Send this server name (SNI), and check the certificate for it, instead of the URL''s host')
            [CompletionResult]::new('--tls-min', '--tls-min', [CompletionResultType]::ParameterName, 'Minimum version of TLS')
            [CompletionResult]::new('--tls-max', '--tls-max', [CompletionResultType]::ParameterName, 'Maximum version of TLS')
            [CompletionResult]::new('--max-redirs', '--max-redirs', [CompletionResultType]::ParameterName, 'Follow at most N redirects')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Retry if the first connection fails, up to N times')
            [CompletionResult]::new('--reconnect', '--reconnect', [CompletionResultType]::ParameterName, 'Reconnect when the connection is lost, up to N times in a row')
            [CompletionResult]::new('--reconnect-delay', '--reconnect-delay', [CompletionResultType]::ParameterName, 'Delay before the first further attempt')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Send a ping every TIME, to keep the connection alive and to see that the server answers')
            [CompletionResult]::new('--ping-timeout', '--ping-timeout', [CompletionResultType]::ParameterName, 'End the connection (exit status 7) if a ping of --ping-interval is not answered within TIME')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'End the connection (exit status 7) if nothing is received for TIME')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Send TEXT once the connection is open, before standard input [repeatable]')
            [CompletionResult]::new('--send', '--send', [CompletionResultType]::ParameterName, 'Send TEXT once the connection is open, before standard input [repeatable]')
            [CompletionResult]::new('--send-hex', '--send-hex', [CompletionResultType]::ParameterName, 'Send bytes, given in hexadecimal, as a binary message [repeatable]')
            [CompletionResult]::new('--send-file', '--send-file', [CompletionResultType]::ParameterName, 'Send a file as one message [repeatable]')
            [CompletionResult]::new('--send-frame', '--send-frame', [CompletionResultType]::ParameterName, 'Send a single frame, valid or not [repeatable]')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'How to split standard input into messages [default: lines; chunks with --binary]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to write received messages [default: lines; raw with --binary; decorated on a terminal]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'After the end of input, close once nothing has been received for TIME; 0: at once, -1 or ''forever'': wait until the server closes [default: 1s]')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'After the end of input, close once nothing has been received for TIME; 0: at once, -1 or ''forever'': wait until the server closes [default: 1s]')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Close after N received messages')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Receive for TIME, then close with 1000; exit status 0')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'Close once a message matches PATTERN; exit status 1 if none does [repeatable, in order]')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Time limit for the whole run [default with --expect: 30s]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Time limit for the whole run [default with --expect: 30s]')
            [CompletionResult]::new('--close-timeout', '--close-timeout', [CompletionResultType]::ParameterName, 'Time limit for the server''s answer to our Close frame')
            [CompletionResult]::new('--close-code', '--close-code', [CompletionResultType]::ParameterName, 'Status code of our Close frame')
            [CompletionResult]::new('--close-reason', '--close-reason', [CompletionResultType]::ParameterName, 'Reason of our Close frame')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Show the time of every line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Show only what matches PATTERN [repeatable: one of them is enough]')
            [CompletionResult]::new('--mute', '--mute', [CompletionResultType]::ParameterName, 'Do not show what matches PATTERN, as --filter has it [repeatable]')
            [CompletionResult]::new('--no-compress', '--no-compress', [CompletionResultType]::ParameterName, 'Do not offer compression')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail if the server selects none of the subprotocols offered or does not accept --compress, and, with --expect, if other messages are received in between')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Read user name and password from ~/.netrc, or the file that NETRC names')
            [CompletionResult]::new('--proxy-insecure', '--proxy-insecure', [CompletionResultType]::ParameterName, 'Accept any certificate of an https:// proxy')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use IPv4 only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use IPv6 only')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Accept any certificate')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate')
            [CompletionResult]::new('--no-system-ca', '--no-system-ca', [CompletionResultType]::ParameterName, 'Trust only the certificates of --cacert, not the system''s')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow redirects (301, 302, 303, 307, 308)')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Follow redirects (301, 302, 303, 307, 308)')
            [CompletionResult]::new('--reconnect-on-close', '--reconnect-on-close', [CompletionResultType]::ParameterName, 'Reconnect also after 1000, 3000 to 4999 or no code')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'Same as --input nul')
            [CompletionResult]::new('--slash', '--slash', [CompletionResultType]::ParameterName, 'Treat lines of standard input that start with / as commands, as at the prompt')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Send binary messages')
            [CompletionResult]::new('--binary', '--binary', [CompletionResultType]::ParameterName, 'Send binary messages')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Send text messages [the default]')
            [CompletionResult]::new('--text', '--text', [CompletionResultType]::ParameterName, 'Send text messages [the default]')
            [CompletionResult]::new('--echo', '--echo', [CompletionResultType]::ParameterName, 'Send every received message back, with the same type')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as --output json: write every event as a line of JSON')
            [CompletionResult]::new('--lenient', '--lenient', [CompletionResultType]::ParameterName, 'Continue after protocol violations where possible, with a warning for each')
            [CompletionResult]::new('-1', '-1', [CompletionResultType]::ParameterName, 'Same as --count 1')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show request, response and control frames; -vv: every frame; -vvv: every byte')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show request, response and control frames; -vv: every frame; -vvv: every byte')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Same as --color never')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'Indent long JSON messages, also in a pipe [the default on a terminal]')
            [CompletionResult]::new('--no-pretty', '--no-pretty', [CompletionResultType]::ParameterName, 'Show JSON messages as received')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show credentials, cookies and tokens instead of masking them')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Ignore the configuration file and WSCOPE_OPTIONS')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'Do not save the history of the prompt')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Accept WebSocket clients')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Run scenario files and report what holds')
            [CompletionResult]::new('codes', 'codes', [CompletionResultType]::ParameterValue, 'Explain close codes')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page in roff')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wscope;listen' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add, replace or remove a header of the 101 response [repeatable]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add, replace or remove a header of the 101 response [repeatable]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'A subprotocol to accept [repeatable, or a comma-separated list]')
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'A subprotocol to accept [repeatable, or a comma-separated list]')
            [CompletionResult]::new('--allow-origin', '--allow-origin', [CompletionResultType]::ParameterName, 'Accept only requests with this Origin; others get 403. ''*'' accepts all [repeatable]')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Require this user name and password; others get 401. @FILE reads them from a file')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Require this user name and password; others get 401. @FILE reads them from a file')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Serve this path only; others get 404')
            [CompletionResult]::new('--max-clients', '--max-clients', [CompletionResultType]::ParameterName, 'Serve at most this many clients at a time; others get 503')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Time limit for a client''s TLS handshake and request; 0 means no limit')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Accept wss://, with this certificate and its chain: PEM, DER or PKCS#12')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Private key, if it is in another file: PKCS#8, PKCS#1 or SEC 1, encrypted or not')
            [CompletionResult]::new('--tls-pass', '--tls-pass', [CompletionResultType]::ParameterName, 'Passphrase of the key, or @FILE to read it from; if it is missing, it is prompted for on the terminal')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Send TEXT to every client once it is connected [repeatable]')
            [CompletionResult]::new('--send', '--send', [CompletionResultType]::ParameterName, 'Send TEXT to every client once it is connected [repeatable]')
            [CompletionResult]::new('--broadcast', '--broadcast', [CompletionResultType]::ParameterName, 'Send every received message to all other clients; with =all also back to the sender')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to write received messages [default: lines; decorated on a terminal]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Memory limit for the messages of all clients; beyond it the client that holds most is closed')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End after N messages have been received from all clients together')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Serve for TIME, then close all connections with 1000; exit status 0')
            [CompletionResult]::new('--close-timeout', '--close-timeout', [CompletionResultType]::ParameterName, 'Time limit for a client''s answer to our Close frame')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Show the time of every line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Show only what matches PATTERN [repeatable: one of them is enough]')
            [CompletionResult]::new('--mute', '--mute', [CompletionResultType]::ParameterName, 'Do not show what matches PATTERN, as --filter has it [repeatable]')
            [CompletionResult]::new('--no-compress', '--no-compress', [CompletionResultType]::ParameterName, 'Do not accept compression')
            [CompletionResult]::new('--echo', '--echo', [CompletionResultType]::ParameterName, 'Send every received message back, with the same type')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as --output json: write every event as a line of JSON')
            [CompletionResult]::new('--lenient', '--lenient', [CompletionResultType]::ParameterName, 'Continue after protocol violations where possible, with a warning for each')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Serve one client, then exit with its status; others get 503')
            [CompletionResult]::new('-1', '-1', [CompletionResultType]::ParameterName, 'Same as --count 1')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show request, response and control frames; -vv: every frame; -vvv: every byte')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show request, response and control frames; -vv: every frame; -vvv: every byte')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Same as --color never')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'Indent long JSON messages, also in a pipe [the default on a terminal]')
            [CompletionResult]::new('--no-pretty', '--no-pretty', [CompletionResultType]::ParameterName, 'Show JSON messages as received')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show credentials, cookies and tokens instead of masking them')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Ignore the configuration file and WSCOPE_OPTIONS')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'Do not save the history of the prompt')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'wscope;check' {
            [CompletionResult]::new('--variable', '--variable', [CompletionResultType]::ParameterName, 'Give {{NAME}} this value [repeatable]')
            [CompletionResult]::new('--variables-file', '--variables-file', [CompletionResultType]::ParameterName, 'Read variables from a file with a NAME=VALUE on each line [repeatable]')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Give {{NAME}} this value, and show it as *** in all output and reports [repeatable]')
            [CompletionResult]::new('--glob', '--glob', [CompletionResultType]::ParameterName, 'Add the files that match a pattern, such as ''tests/**/*.wscope'' [repeatable]')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Run this many files at the same time [default: the number of processors, 1 with --verbose]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Run this many files at the same time [default: the number of processors, 1 with --verbose]')
            [CompletionResult]::new('--repeat', '--repeat', [CompletionResultType]::ParameterName, 'Run all files this often')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Run only the parts whose title matches')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Retry connecting up to N times, for each connection, while the server is not reachable or answers 502 or 503')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Limit for each part [default: max-time of the scenario, or 30s]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Limit for each part [default: max-time of the scenario, or 30s]')
            [CompletionResult]::new('--report-junit', '--report-junit', [CompletionResultType]::ParameterName, 'Write a JUnit XML report; - is standard output')
            [CompletionResult]::new('--report-tap', '--report-tap', [CompletionResultType]::ParameterName, 'Write a TAP version 14 report; - is standard output')
            [CompletionResult]::new('--report-json', '--report-json', [CompletionResultType]::ParameterName, 'Write a JSON report; - is standard output')
            [CompletionResult]::new('--report-html', '--report-html', [CompletionResultType]::ParameterName, 'Write an HTML report, a page for people; - is standard output')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add, replace or remove a request header [repeatable]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add, replace or remove a request header [repeatable]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Offer a subprotocol [repeatable, or a comma-separated list]')
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'Offer a subprotocol [repeatable, or a comma-separated list]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Send an Origin header')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Send an Origin header')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Send this User-Agent header')
            [CompletionResult]::new('--user-agent', '--user-agent', [CompletionResultType]::ParameterName, 'Send this User-Agent header')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'Offer permessage-deflate with these parameters [default: client_max_window_bits]')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Authenticate with user name and password (Basic)')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Authenticate with user name and password (Basic)')
            [CompletionResult]::new('--bearer', '--bearer', [CompletionResultType]::ParameterName, 'Authenticate with a token (Authorization: Bearer)')
            [CompletionResult]::new('--cookie', '--cookie', [CompletionResultType]::ParameterName, 'Send cookies: ''a=b; c=d'' [repeatable]')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'Read user name and password from this file instead of ~/.netrc')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time limit for connecting, up to the end of the opening handshake')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]')
            [CompletionResult]::new('--no-proxy', '--no-proxy', [CompletionResultType]::ParameterName, 'Do not use a proxy for these hosts [default: the environment variable NO_PROXY]')
            [CompletionResult]::new('--proxy-header', '--proxy-header', [CompletionResultType]::ParameterName, 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]')
            [CompletionResult]::new('--connect-to', '--connect-to', [CompletionResultType]::ParameterName, 'Connect to this host and port instead; TLS and HTTP still use those of the URL')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]')
            [CompletionResult]::new('--unix-socket', '--unix-socket', [CompletionResultType]::ParameterName, 'Connect to this Unix socket instead of the host in the URL')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Connect from this local address or network interface')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificates in this file, or in the files of this directory [repeatable]')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate, for a server that requests one')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Private key of --cert, if it is in another file')
            [CompletionResult]::new('--pass', '--pass', [CompletionResultType]::ParameterName, 'Passphrase of the key or of the PKCS#12 file')
            [CompletionResult]::new('--servername', '--servername', [CompletionResultType]::ParameterName, 'Send this server name (SNI), and check the certificate for it, instead of the URL''s host')
            [CompletionResult]::new('--tls-min', '--tls-min', [CompletionResultType]::ParameterName, 'Minimum version of TLS')
            [CompletionResult]::new('--tls-max', '--tls-max', [CompletionResultType]::ParameterName, 'Maximum version of TLS')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Send a ping every TIME, to keep the connection alive and to see that the server answers')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)')
            [CompletionResult]::new('--close-timeout', '--close-timeout', [CompletionResultType]::ParameterName, 'Time limit for the server''s answer to our Close frame')
            [CompletionResult]::new('--max-redirs', '--max-redirs', [CompletionResultType]::ParameterName, 'Follow at most N redirects')
            [CompletionResult]::new('--ping-timeout', '--ping-timeout', [CompletionResultType]::ParameterName, 'End the connection if a ping of --ping-interval is not answered within TIME')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'End the connection if nothing is received for TIME')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Show the time of every line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'Stop at the first part that fails')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List files and parts with their lines, and run nothing')
            [CompletionResult]::new('--allow-run', '--allow-run', [CompletionResultType]::ParameterName, 'Allow scenarios to run commands ($ lines)')
            [CompletionResult]::new('--relax', '--relax', [CompletionResultType]::ParameterName, 'Relax patterns that fail only because values differ, and rewrite the files')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Write what --relax changes without asking')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Count warnings as failures')
            [CompletionResult]::new('--no-compress', '--no-compress', [CompletionResultType]::ParameterName, 'Do not offer compression')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Read user name and password from ~/.netrc, or the file that NETRC names')
            [CompletionResult]::new('--proxy-insecure', '--proxy-insecure', [CompletionResultType]::ParameterName, 'Accept any certificate of an https:// proxy')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use IPv4 only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use IPv6 only')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Accept any certificate')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate')
            [CompletionResult]::new('--no-system-ca', '--no-system-ca', [CompletionResultType]::ParameterName, 'Trust only the certificates of --cacert, not the system''s')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow redirects (301, 302, 303, 307, 308)')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Follow redirects (301, 302, 303, 307, 308)')
            [CompletionResult]::new('--lenient', '--lenient', [CompletionResultType]::ParameterName, 'Continue after protocol violations where possible')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show request, response and control frames; -vv: every frame; -vvv: every byte')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show request, response and control frames; -vv: every frame; -vvv: every byte')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show errors only')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Same as --color never')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'Indent long JSON messages, also in a pipe [the default on a terminal]')
            [CompletionResult]::new('--no-pretty', '--no-pretty', [CompletionResultType]::ParameterName, 'Show JSON messages as received')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show credentials, cookies and tokens instead of masking them')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Ignore the configuration file and WSCOPE_OPTIONS')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'Do not save the history of the prompt')
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
        'wscope;help' {
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Accept WebSocket clients')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Run scenario files and report what holds')
            [CompletionResult]::new('codes', 'codes', [CompletionResultType]::ParameterValue, 'Explain close codes')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page in roff')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wscope;help;listen' {
            break
        }
        'wscope;help;check' {
            break
        }
        'wscope;help;codes' {
            break
        }
        'wscope;help;completions' {
            break
        }
        'wscope;help;man' {
            break
        }
        'wscope;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
