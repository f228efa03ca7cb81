# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_wscope_global_optspecs
    string join \n c/connect= l/listen= host= P/show-ping-pong max-redirects= H/header= s/subprotocol= o/origin= A/user-agent= compress= no-compress strict u/user= bearer= cookie= netrc netrc-file= connect-timeout= proxy= no-proxy= proxy-header= proxy-insecure connect-to= resolve= unix-socket= interface= 4 6 k/insecure n/no-check cacert= no-system-ca cert= key= pass= servername= tls-min= tls-max= L/location max-redirs= retry= reconnect= reconnect-on-close reconnect-delay= ping-interval= ping-timeout= idle-timeout= x/send= send-hex= send-file= send-frame= input= 0 slash b/binary t/text echo output= json lenient max-message-size= w/wait= count= 1 expect= m/max-time= close-timeout= close-code= close-reason= v/verbose q/quiet timestamps= color= no-color pretty no-pretty show-secrets no-config no-history h/help V/version
end

function __fish_wscope_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_wscope_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_wscope_using_subcommand
    set -l cmd (__fish_wscope_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c wscope -n "__fish_wscope_needs_command" -s c -l connect -d 'The URL' -r
complete -c wscope -n "__fish_wscope_needs_command" -s l -l listen -d 'As \'wscope listen PORT\'' -r
complete -c wscope -n "__fish_wscope_needs_command" -l host -d 'The Host header' -r
complete -c wscope -n "__fish_wscope_needs_command" -l max-redirects -d 'As --max-redirs, whose number may be missing' -r
complete -c wscope -n "__fish_wscope_needs_command" -s H -l header -d 'Add, replace or remove a request header [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -s s -l subprotocol -d 'Offer a subprotocol [repeatable, or a comma-separated list]' -r
complete -c wscope -n "__fish_wscope_needs_command" -s o -l origin -d 'Send an Origin header' -r
complete -c wscope -n "__fish_wscope_needs_command" -s A -l user-agent -d 'Send this User-Agent header' -r
complete -c wscope -n "__fish_wscope_needs_command" -l compress -d 'Offer permessage-deflate with these parameters [default: client_max_window_bits]' -r
complete -c wscope -n "__fish_wscope_needs_command" -s u -l user -d 'Authenticate with user name and password (Basic)' -r
complete -c wscope -n "__fish_wscope_needs_command" -l bearer -d 'Authenticate with a token (Authorization: Bearer)' -r
complete -c wscope -n "__fish_wscope_needs_command" -l cookie -d 'Send cookies: \'a=b; c=d\' [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l netrc-file -d 'Read user name and password from this file instead of ~/.netrc' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l connect-timeout -d 'Time limit for connecting, up to the end of the opening handshake' -r
complete -c wscope -n "__fish_wscope_needs_command" -l proxy -d 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l no-proxy -d 'Do not use a proxy for these hosts [default: the environment variable NO_PROXY]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l proxy-header -d 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l connect-to -d 'Connect to this host and port instead; TLS and HTTP still use those of the URL' -r
complete -c wscope -n "__fish_wscope_needs_command" -l resolve -d 'Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l unix-socket -d 'Connect to this Unix socket instead of the host in the URL' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l interface -d 'Connect from this local address or network interface' -r
complete -c wscope -n "__fish_wscope_needs_command" -l cacert -d 'Also trust the certificates in this file, or in the files of this directory [repeatable]' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l cert -d 'Client certificate, for a server that requests one' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l key -d 'Private key of --cert, if it is in another file' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l pass -d 'Passphrase of the key or of the PKCS#12 file' -r
complete -c wscope -n "__fish_wscope_needs_command" -l servername -d 'Send this server name (SNI), and check the certificate for it, instead of the URL\'s host' -r
complete -c wscope -n "__fish_wscope_needs_command" -l tls-min -d 'Minimum version of TLS' -r -f -a "1.0\t'RFC 2246, deprecated'
1.1\t'RFC 4346, deprecated'
1.2\t'RFC 5246'
1.3\t'RFC 8446'"
complete -c wscope -n "__fish_wscope_needs_command" -l tls-max -d 'Maximum version of TLS' -r -f -a "1.0\t'RFC 2246, deprecated'
1.1\t'RFC 4346, deprecated'
1.2\t'RFC 5246'
1.3\t'RFC 8446'"
complete -c wscope -n "__fish_wscope_needs_command" -l max-redirs -d 'Follow at most N redirects' -r
complete -c wscope -n "__fish_wscope_needs_command" -l retry -d 'Retry if the first connection fails, up to N times' -r
complete -c wscope -n "__fish_wscope_needs_command" -l reconnect -d 'Reconnect when the connection is lost, up to N times in a row' -r
complete -c wscope -n "__fish_wscope_needs_command" -l reconnect-delay -d 'Delay before the first further attempt' -r
complete -c wscope -n "__fish_wscope_needs_command" -l ping-interval -d 'Send a ping every TIME, to keep the connection alive and to see that the server answers' -r
complete -c wscope -n "__fish_wscope_needs_command" -l ping-timeout -d 'End the connection (exit status 7) if a ping of --ping-interval is not answered within TIME' -r
complete -c wscope -n "__fish_wscope_needs_command" -l idle-timeout -d 'End the connection (exit status 7) if nothing is received for TIME' -r
complete -c wscope -n "__fish_wscope_needs_command" -s x -l send -d 'Send TEXT once the connection is open, before standard input [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l send-hex -d 'Send bytes, given in hexadecimal, as a binary message [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l send-file -d 'Send a file as one message [repeatable]' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l send-frame -d 'Send a single frame, valid or not [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l input -d 'How to split standard input into messages [default: lines; chunks with --binary]' -r -f -a "lines\t'A message per line'
nul\t'Messages separated by NUL bytes'
whole\t'One message for all of it'
chunks\t'A message for each read'
json\t'JSON actions, one per line'"
complete -c wscope -n "__fish_wscope_needs_command" -l output -d 'How to write received messages [default: lines; raw with --binary; decorated on a terminal]' -r -f -a "lines\t'Unchanged, each followed by a newline'
nul\t'Unchanged, each followed by a NUL byte'
raw\t'Unchanged, one after the other'
hex\t'In hexadecimal, one per line'
base64\t'In base64, one per line'
json\t'Every event as a line of JSON'"
complete -c wscope -n "__fish_wscope_needs_command" -l max-message-size -d 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)' -r
complete -c wscope -n "__fish_wscope_needs_command" -s w -l wait -d 'After the end of input, close once nothing has been received for TIME; 0: at once, -1 or \'forever\': wait until the server closes [default: 1s]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l count -d 'Close after N received messages' -r
complete -c wscope -n "__fish_wscope_needs_command" -l expect -d 'Close once a message matches PATTERN; exit status 1 if none does [repeatable, in order]' -r
complete -c wscope -n "__fish_wscope_needs_command" -s m -l max-time -d 'Time limit for the whole run [default with --expect: 30s]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l close-timeout -d 'Time limit for the server\'s answer to our Close frame' -r
complete -c wscope -n "__fish_wscope_needs_command" -l close-code -d 'Status code of our Close frame' -r
complete -c wscope -n "__fish_wscope_needs_command" -l close-reason -d 'Reason of our Close frame' -r
complete -c wscope -n "__fish_wscope_needs_command" -l timestamps -d 'Show the time of every line' -r -f -a "utc\t'Date and time, UTC'
local\t'Local time'
relative\t'Time since the start'
delta\t'Time since the previous line'"
complete -c wscope -n "__fish_wscope_needs_command" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c wscope -n "__fish_wscope_needs_command" -s P -l show-ping-pong -d 'As -v, which shows more than pings and pongs'
complete -c wscope -n "__fish_wscope_needs_command" -l no-compress -d 'Do not offer compression'
complete -c wscope -n "__fish_wscope_needs_command" -l strict -d 'Fail if the server selects none of the subprotocols offered or does not accept --compress, and, with --expect, if other messages are received in between'
complete -c wscope -n "__fish_wscope_needs_command" -l netrc -d 'Read user name and password from ~/.netrc, or the file that NETRC names'
complete -c wscope -n "__fish_wscope_needs_command" -l proxy-insecure -d 'Accept any certificate of an https:// proxy'
complete -c wscope -n "__fish_wscope_needs_command" -s 4 -d 'Use IPv4 only'
complete -c wscope -n "__fish_wscope_needs_command" -s 6 -d 'Use IPv6 only'
complete -c wscope -n "__fish_wscope_needs_command" -s k -l insecure -d 'Accept any certificate'
complete -c wscope -n "__fish_wscope_needs_command" -s n -l no-check -d 'As wscat spells --insecure'
complete -c wscope -n "__fish_wscope_needs_command" -l no-system-ca -d 'Trust only the certificates of --cacert, not the system\'s'
complete -c wscope -n "__fish_wscope_needs_command" -s L -l location -d 'Follow redirects (301, 302, 303, 307, 308)'
complete -c wscope -n "__fish_wscope_needs_command" -l reconnect-on-close -d 'Reconnect also after 1000, 3000 to 4999 or no code'
complete -c wscope -n "__fish_wscope_needs_command" -s 0 -d 'Same as --input nul'
complete -c wscope -n "__fish_wscope_needs_command" -l slash -d 'Treat lines of standard input that start with / as commands, as at the prompt'
complete -c wscope -n "__fish_wscope_needs_command" -s b -l binary -d 'Send binary messages'
complete -c wscope -n "__fish_wscope_needs_command" -s t -l text -d 'Send text messages [the default]'
complete -c wscope -n "__fish_wscope_needs_command" -l echo -d 'Send every received message back, with the same type'
complete -c wscope -n "__fish_wscope_needs_command" -l json -d 'Same as --output json: write every event as a line of JSON'
complete -c wscope -n "__fish_wscope_needs_command" -l lenient -d 'Continue after protocol violations where possible, with a warning for each'
complete -c wscope -n "__fish_wscope_needs_command" -s 1 -d 'Same as --count 1'
complete -c wscope -n "__fish_wscope_needs_command" -s v -l verbose -d 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
complete -c wscope -n "__fish_wscope_needs_command" -s q -l quiet -d 'Show errors only'
complete -c wscope -n "__fish_wscope_needs_command" -l no-color -d 'Same as --color never'
complete -c wscope -n "__fish_wscope_needs_command" -l pretty -d 'Indent long JSON messages, also in a pipe [the default on a terminal]'
complete -c wscope -n "__fish_wscope_needs_command" -l no-pretty -d 'Show JSON messages as received'
complete -c wscope -n "__fish_wscope_needs_command" -l show-secrets -d 'Show credentials, cookies and tokens instead of masking them'
complete -c wscope -n "__fish_wscope_needs_command" -l no-config -d 'Ignore the configuration file and WSCOPE_OPTIONS'
complete -c wscope -n "__fish_wscope_needs_command" -l no-history -d 'Do not save the history of the prompt'
complete -c wscope -n "__fish_wscope_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n "__fish_wscope_needs_command" -s V -l version -d 'Print version'
complete -c wscope -n "__fish_wscope_needs_command" -a "listen" -d 'Accept WebSocket clients'
complete -c wscope -n "__fish_wscope_needs_command" -a "check" -d 'Run scenario files and report what holds'
complete -c wscope -n "__fish_wscope_needs_command" -a "codes" -d 'Explain close codes'
complete -c wscope -n "__fish_wscope_needs_command" -a "completions" -d 'Print a completion script for a shell'
complete -c wscope -n "__fish_wscope_needs_command" -a "man" -d 'Print a manual page in roff'
complete -c wscope -n "__fish_wscope_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s H -l header -d 'Add, replace or remove a header of the 101 response [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s s -l subprotocol -d 'A subprotocol to accept [repeatable, or a comma-separated list]' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l allow-origin -d 'Accept only requests with this Origin; others get 403. \'*\' accepts all [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s u -l user -d 'Require this user name and password; others get 401. @FILE reads them from a file' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l path -d 'Serve this path only; others get 404' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l max-clients -d 'Serve at most this many clients at a time; others get 503' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l handshake-timeout -d 'Time limit for a client\'s TLS handshake and request; 0 means no limit' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l tls-cert -d 'Accept wss://, with this certificate and its chain: PEM, DER or PKCS#12' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l tls-key -d 'Private key, if it is in another file: PKCS#8, PKCS#1 or SEC 1, encrypted or not' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l tls-pass -d 'Passphrase of the key, or @FILE to read it from; if it is missing, it is prompted for on the terminal' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s x -l send -d 'Send TEXT to every client once it is connected [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l broadcast -d 'Send every received message to all other clients; with =all also back to the sender' -r -f -a "others\t'All but the sender'
all\t'The sender too'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l output -d 'How to write received messages [default: lines; decorated on a terminal]' -r -f -a "lines\t'Unchanged, each followed by a newline'
nul\t'Unchanged, each followed by a NUL byte'
raw\t'Unchanged, one after the other'
hex\t'In hexadecimal, one per line'
base64\t'In base64, one per line'
json\t'Every event as a line of JSON'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l max-message-size -d 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l max-memory -d 'Memory limit for the messages of all clients; beyond it the client that holds most is closed' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l count -d 'End after N messages have been received from all clients together' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l close-timeout -d 'Time limit for a client\'s answer to our Close frame' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l timestamps -d 'Show the time of every line' -r -f -a "utc\t'Date and time, UTC'
local\t'Local time'
relative\t'Time since the start'
delta\t'Time since the previous line'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-compress -d 'Do not accept compression'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l echo -d 'Send every received message back, with the same type'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l json -d 'Same as --output json: write every event as a line of JSON'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l lenient -d 'Continue after protocol violations where possible, with a warning for each'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l once -d 'Serve one client, then exit with its status; others get 503'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s 1 -d 'Same as --count 1'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s v -l verbose -d 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s q -l quiet -d 'Show errors only'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-color -d 'Same as --color never'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l pretty -d 'Indent long JSON messages, also in a pipe [the default on a terminal]'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-pretty -d 'Show JSON messages as received'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l show-secrets -d 'Show credentials, cookies and tokens instead of masking them'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-config -d 'Ignore the configuration file and WSCOPE_OPTIONS'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-history -d 'Do not save the history of the prompt'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l variable -d 'Give {{NAME}} this value [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l variables-file -d 'Read variables from a file with a NAME=VALUE on each line [repeatable]' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l secret -d 'Give {{NAME}} this value, and show it as *** in all output and reports [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l glob -d 'Add the files that match a pattern, such as \'tests/**/*.wscope\' [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s j -l jobs -d 'Run this many files at the same time [default: the number of processors, 1 with --verbose]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l repeat -d 'Run all files this often' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l only -d 'Run only the parts whose title matches' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l retry -d 'Retry connecting up to N times, for each connection, while the server is not reachable or answers 502 or 503' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s m -l max-time -d 'Limit for each part [default: max-time of the scenario, or 30s]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l report-junit -d 'Write a JUnit XML report; - is standard output' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l report-tap -d 'Write a TAP version 14 report; - is standard output' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l report-json -d 'Write a JSON report; - is standard output' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l report-html -d 'Write an HTML report, a page for people; - is standard output' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -s H -l header -d 'Add, replace or remove a request header [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s s -l subprotocol -d 'Offer a subprotocol [repeatable, or a comma-separated list]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s o -l origin -d 'Send an Origin header' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s A -l user-agent -d 'Send this User-Agent header' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l compress -d 'Offer permessage-deflate with these parameters [default: client_max_window_bits]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s u -l user -d 'Authenticate with user name and password (Basic)' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l bearer -d 'Authenticate with a token (Authorization: Bearer)' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l cookie -d 'Send cookies: \'a=b; c=d\' [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l netrc-file -d 'Read user name and password from this file instead of ~/.netrc' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l connect-timeout -d 'Time limit for connecting, up to the end of the opening handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l proxy -d 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-proxy -d 'Do not use a proxy for these hosts [default: the environment variable NO_PROXY]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l proxy-header -d 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l connect-to -d 'Connect to this host and port instead; TLS and HTTP still use those of the URL' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l resolve -d 'Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l unix-socket -d 'Connect to this Unix socket instead of the host in the URL' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l interface -d 'Connect from this local address or network interface' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l cacert -d 'Also trust the certificates in this file, or in the files of this directory [repeatable]' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l cert -d 'Client certificate, for a server that requests one' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l key -d 'Private key of --cert, if it is in another file' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l pass -d 'Passphrase of the key or of the PKCS#12 file' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l servername -d 'Send this server name (SNI), and check the certificate for it, instead of the URL\'s host' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l tls-min -d 'Minimum version of TLS' -r -f -a "1.0\t'RFC 2246, deprecated'
1.1\t'RFC 4346, deprecated'
1.2\t'RFC 5246'
1.3\t'RFC 8446'"
complete -c wscope -n "__fish_wscope_using_subcommand check" -l tls-max -d 'Maximum version of TLS' -r -f -a "1.0\t'RFC 2246, deprecated'
1.1\t'RFC 4346, deprecated'
1.2\t'RFC 5246'
1.3\t'RFC 8446'"
complete -c wscope -n "__fish_wscope_using_subcommand check" -l ping-interval -d 'Send a ping every TIME, to keep the connection alive and to see that the server answers' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l max-message-size -d 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l close-timeout -d 'Time limit for the server\'s answer to our Close frame' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l max-redirs -d 'Follow at most N redirects' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l ping-timeout -d 'End the connection if a ping of --ping-interval is not answered within TIME' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l idle-timeout -d 'End the connection if nothing is received for TIME' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l timestamps -d 'Show the time of every line' -r -f -a "utc\t'Date and time, UTC'
local\t'Local time'
relative\t'Time since the start'
delta\t'Time since the previous line'"
complete -c wscope -n "__fish_wscope_using_subcommand check" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c wscope -n "__fish_wscope_using_subcommand check" -l fail-fast -d 'Stop at the first part that fails'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l list -d 'List files and parts with their lines, and run nothing'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l allow-run -d 'Allow scenarios to run commands ($ lines)'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l relax -d 'Relax patterns that fail only because values differ, and rewrite the files'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l yes -d 'Write what --relax changes without asking'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l strict -d 'Count warnings as failures'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-compress -d 'Do not offer compression'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l netrc -d 'Read user name and password from ~/.netrc, or the file that NETRC names'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l proxy-insecure -d 'Accept any certificate of an https:// proxy'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s 4 -d 'Use IPv4 only'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s 6 -d 'Use IPv6 only'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s k -l insecure -d 'Accept any certificate'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s n -l no-check -d 'As wscat spells --insecure'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-system-ca -d 'Trust only the certificates of --cacert, not the system\'s'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s L -l location -d 'Follow redirects (301, 302, 303, 307, 308)'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l lenient -d 'Continue after protocol violations where possible'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s v -l verbose -d 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s q -l quiet -d 'Show errors only'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-color -d 'Same as --color never'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l pretty -d 'Indent long JSON messages, also in a pipe [the default on a terminal]'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-pretty -d 'Show JSON messages as received'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l show-secrets -d 'Show credentials, cookies and tokens instead of masking them'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-config -d 'Ignore the configuration file and WSCOPE_OPTIONS'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-history -d 'Do not save the history of the prompt'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n "__fish_wscope_using_subcommand codes" -s h -l help -d 'Print help'
complete -c wscope -n "__fish_wscope_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n "__fish_wscope_using_subcommand man" -s h -l help -d 'Print help'
complete -c wscope -n "__fish_wscope_using_subcommand help; and not __fish_seen_subcommand_from listen check codes completions man help" -f -a "listen" -d 'Accept WebSocket clients'
complete -c wscope -n "__fish_wscope_using_subcommand help; and not __fish_seen_subcommand_from listen check codes completions man help" -f -a "check" -d 'Run scenario files and report what holds'
complete -c wscope -n "__fish_wscope_using_subcommand help; and not __fish_seen_subcommand_from listen check codes completions man help" -f -a "codes" -d 'Explain close codes'
complete -c wscope -n "__fish_wscope_using_subcommand help; and not __fish_seen_subcommand_from listen check codes completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c wscope -n "__fish_wscope_using_subcommand help; and not __fish_seen_subcommand_from listen check codes completions man help" -f -a "man" -d 'Print a manual page in roff'
complete -c wscope -n "__fish_wscope_using_subcommand help; and not __fish_seen_subcommand_from listen check codes completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
