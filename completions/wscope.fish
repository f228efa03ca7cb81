# The command that is typed; without one, connect.
function __wscope_command
    set -l words (commandline -opc)
    if set -q words[2]; and contains -- $words[2] listen proxy check view replay diff codes completions man help
        echo $words[2]
    else
        echo connect
    end
end

# The options of a command whose values are the next words.
function __wscope_valued
    switch $argv[1]
        case connect
            string split ' ' -- '-H --header -s --subprotocol -o --origin -A --user-agent --compress --from-curl -u --user --bearer --cookie --netrc-file --connect-timeout --proxy --no-proxy --proxy-header --connect-to --resolve --unix-socket --interface --cacert --cert --key --pass --servername --tls-min --tls-max --max-redirs --reconnect-delay --ping-interval --ping-timeout --idle-timeout -x --send --send-hex --send-file --send-frame --input --output --max-message-size -w --wait --count --duration --expect -m --max-time --close-timeout --close-code --close-reason --record --ui-history --color --filter --mute'
        case listen
            string split ' ' -- '-H --header -s --subprotocol --allow-origin -u --user --path --max-clients --handshake-timeout --tls-cert --tls-key --tls-pass -x --send --replay --entry --ignore --max-size --output --max-message-size --max-memory --count --duration --close-timeout --record --ui-history --color --mute --filter'
        case proxy
            string split ' ' -- '--max-clients --handshake-timeout --tls-cert --tls-key --tls-pass -H --header -o --origin -A --user-agent --connect-timeout -u --user --bearer --cookie --netrc-file --proxy --no-proxy --proxy-header --resolve --unix-socket --interface --cacert --cert --key --pass --servername --tls-min --tls-max --rule --seed --throttle --latency --refuse --output --max-message-size --max-memory --record --ui-history --connections --duration --close-timeout --color --mute --connect-to --filter'
        case check
            string split ' ' -- '--variable --variables-file --secret --glob -j --jobs --repeat --only -m --max-time --report-junit --report-tap --report-json --report-html -H --header -s --subprotocol -o --origin -A --user-agent --compress -u --user --bearer --cookie --netrc-file --connect-timeout --proxy --no-proxy --proxy-header --connect-to --resolve --unix-socket --interface --cacert --cert --key --pass --servername --tls-min --tls-max --ping-interval --max-message-size --close-timeout --max-redirs --ping-timeout --idle-timeout --record --color'
        case view
            string split ' ' -- '--entry --max-size --output --record --ui-history --color --filter --mute'
        case replay
            string split ' ' -- '--pace --speed --timeout --ignore --entry --max-size --compress -H --header -s --subprotocol -o --origin -A --user-agent -u --user --bearer --cookie --netrc-file --connect-timeout --proxy --no-proxy --proxy-header --connect-to --resolve --unix-socket --interface --cacert --cert --key --pass --servername --tls-min --tls-max --max-redirs --ping-interval --ping-timeout --idle-timeout -m --max-time --close-timeout --output --max-message-size --record --color --filter --mute'
        case diff
            string split ' ' -- '--ignore --entry --max-size --color'
    end
end

# Whether the next word is the value of this option of a command.
function __wscope_takes_next
    set -l valued (__wscope_valued $argv[1])
    switch $argv[2]
        case '--*'
            contains -- $argv[2] $valued
        case '-*'
            # Several short options in one word: the first that takes a value takes the rest of the word.
            set -l rest (string sub -s 2 -- $argv[2])
            while test -n "$rest"
                set -l letter -(string sub -l 1 -- $rest)
                set rest (string sub -s 2 -- $rest)
                if contains -- $letter $valued
                    test -z "$rest"
                    return
                end
            end
            return 1
        case '*'
            return 1
    end
end

# Whether the words before the current one make it the value of an option ("value") or an argument ("arguments"); then
# the number of arguments before it.
function __wscope_place
    set -l command (__wscope_command)
    set -l words (commandline -opc)
    set -l first 2
    test $command = connect
    or set first 3
    set -l given 0
    set -l place arguments
    set -l ended no
    for word in $words[$first..-1]
        if test $place = value
            set place arguments
        else if test $ended = no -a "x$word" = x--
            set ended yes
        else if test $ended = no; and string match -q -- '-?*' $word
            __wscope_takes_next $command $word
            and set place value
        else
            set given (math $given + 1)
        end
    end
    echo $place
    echo $given
end

# A value that starts with a dash is not an option.
function __wscope_is
    test (__wscope_command) = $argv[1]
    or return
    set -l place (__wscope_place)
    not test $place[1] = value
    or not string match -q -- '-*' (commandline -ct)
end

# Whether so many arguments are before the current word.
function __wscope_has_arguments
    set -l place (__wscope_place)
    test $place[2] -eq $argv[1]
end

# Those of these values that start with the current word. Fish would also compare it with their descriptions.
function __wscope_offered
    set -l start (string replace -r '^--[^=]*=' '' -- (commandline -ct))
    string match -q -- '-*' $start
    and set start ''
    for value in $argv
        test (string sub -l (string length -- $start) -- $value) = "$start"
        and echo $value
    end
    true
end

function __wscope_is_first
    test (count (commandline -opc)) -eq 1
end

# The names of the configuration file, with their URLs.
function __wscope_endpoints
    __wscope_offered (command wscope completions --endpoints 2>/dev/null)
end

# Fish expands no tilde behind = or @, so that wscope would get it as it is. Fish drops what does not begin with what is
# typed, so that the path it stands for cannot be offered in its place. Nothing is offered there.
function __wscope_expands
    not string match -qr '^--[^=]*=~' -- (commandline -ct)
end

# Files behind @.
function __wscope_at_files
    set -l value (string replace -r '^--[^=]*=|^-[^-@]+(?=@)' '' -- (commandline -ct))
    string match -q '@*' -- $value
    or return
    set -l start (string unescape -- (string sub -s 2 -- $value))
    for path in $start*
        test -d $path
        and set path $path/
        echo @$path
    end
end

complete -c wscope -n __wscope_is_first -f -a listen -d 'Accept WebSocket clients'
complete -c wscope -n __wscope_is_first -f -a proxy -d 'Show, record and change what clients and a server send'
complete -c wscope -n __wscope_is_first -f -a check -d 'Run scenario files and report what holds'
complete -c wscope -n __wscope_is_first -f -a view -d 'Show a recording'
complete -c wscope -n __wscope_is_first -f -a replay -d 'Send again what a recorded client sent'
complete -c wscope -n __wscope_is_first -f -a diff -d 'Compare two recordings'
complete -c wscope -n __wscope_is_first -f -a codes -d 'Explain close codes'
complete -c wscope -n __wscope_is_first -f -a completions -d 'Print a completion script for a shell'
complete -c wscope -n __wscope_is_first -f -a man -d 'Print a manual page in roff'
complete -c wscope -n __wscope_is_first -f -a help -d 'Print the help of wscope or of a command'
complete -c wscope -n '__wscope_is connect' -s H -l header -d 'Add, replace or remove a request header [repeatable]' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is connect' -s s -l subprotocol -d 'Offer a subprotocol [repeatable, or a comma-separated list]' -r -f
complete -c wscope -n '__wscope_is connect' -s o -l origin -d 'Send an Origin header' -r -f
complete -c wscope -n '__wscope_is connect' -s A -l user-agent -d 'Send this User-Agent header' -r -f
complete -c wscope -n '__wscope_is connect' -l compress -d 'Offer permessage-deflate with these parameters [default: client_max_window_bits]' -r -f
complete -c wscope -n '__wscope_is connect; and __wscope_expands' -l from-curl -d 'Take URL and options from a curl command that a browser or Burp copied; -: from standard input' -r -F
complete -c wscope -n '__wscope_is connect' -s u -l user -d 'Authenticate with user name and password (Basic)' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is connect' -l bearer -d 'Authenticate with a token (Authorization: Bearer)' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is connect' -l cookie -d 'Send cookies: \'a=b; c=d\' [repeatable]' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is connect; and __wscope_expands' -l netrc-file -d 'Read user name and password from this file instead of ~/.netrc' -r -F
complete -c wscope -n '__wscope_is connect' -l connect-timeout -d 'Time limit for connecting, up to the end of the opening handshake' -r -f
complete -c wscope -n '__wscope_is connect' -l proxy -d 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]' -r -f
complete -c wscope -n '__wscope_is connect' -l no-proxy -d 'Do not use a proxy for these hosts [default: the environment variable NO_PROXY]' -r -f
complete -c wscope -n '__wscope_is connect' -l proxy-header -d 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]' -r -f
complete -c wscope -n '__wscope_is connect' -l connect-to -d 'Connect to this host and port instead; TLS and HTTP still use those of the URL' -r -f
complete -c wscope -n '__wscope_is connect' -l resolve -d 'Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]' -r -f
complete -c wscope -n '__wscope_is connect; and __wscope_expands' -l unix-socket -d 'Connect to this Unix socket instead of the host in the URL' -r -F
complete -c wscope -n '__wscope_is connect' -l interface -d 'Connect from this local address or network interface' -r -f
complete -c wscope -n '__wscope_is connect; and __wscope_expands' -l cacert -d 'Also trust the certificates in this file, or in the files of this directory [repeatable]' -r -F
complete -c wscope -n '__wscope_is connect; and __wscope_expands' -l cert -d 'Client certificate, for a server that requests one' -r -F
complete -c wscope -n '__wscope_is connect; and __wscope_expands' -l key -d 'Private key of --cert, if it is in another file' -r -F
complete -c wscope -n '__wscope_is connect' -l pass -d 'Passphrase of the key or of the PKCS#12 file' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is connect' -l servername -d 'Send this server name (SNI), and check the certificate for it, instead of the URL\'s host' -r -f
complete -c wscope -n '__wscope_is connect' -l tls-min -d 'Minimum version of TLS' -r -f -a "(__wscope_offered 1.0\t'RFC 2246, deprecated' 1.1\t'RFC 4346, deprecated' 1.2\t'RFC 5246' 1.3\t'RFC 8446')"
complete -c wscope -n '__wscope_is connect' -l tls-max -d 'Maximum version of TLS' -r -f -a "(__wscope_offered 1.0\t'RFC 2246, deprecated' 1.1\t'RFC 4346, deprecated' 1.2\t'RFC 5246' 1.3\t'RFC 8446')"
complete -c wscope -n '__wscope_is connect' -l max-redirs -d 'Follow at most N redirects' -r -f
complete -c wscope -n '__wscope_is connect' -l retry -d 'Retry if the first connection fails, up to N times' -f
complete -c wscope -n '__wscope_is connect' -l reconnect -d 'Reconnect when the connection is lost, up to N times in a row' -f
complete -c wscope -n '__wscope_is connect' -l reconnect-delay -d 'Delay before the first further attempt' -r -f
complete -c wscope -n '__wscope_is connect' -l ping-interval -d 'Send a ping every TIME, to keep the connection alive and to see that the server answers' -r -f
complete -c wscope -n '__wscope_is connect' -l ping-timeout -d 'End the connection (exit status 7) if a ping of --ping-interval is not answered within TIME' -r -f
complete -c wscope -n '__wscope_is connect' -l idle-timeout -d 'End the connection (exit status 7) if nothing is received for TIME' -r -f
complete -c wscope -n '__wscope_is connect' -s x -l send -d 'Send TEXT once the connection is open, before standard input [repeatable]' -r -f
complete -c wscope -n '__wscope_is connect' -l send-hex -d 'Send bytes, given in hexadecimal, as a binary message [repeatable]' -r -f
complete -c wscope -n '__wscope_is connect; and __wscope_expands' -l send-file -d 'Send a file as one message [repeatable]' -r -F
complete -c wscope -n '__wscope_is connect' -l send-frame -d 'Send a single frame, valid or not [repeatable]' -r -f
complete -c wscope -n '__wscope_is connect' -l input -d 'How to split standard input into messages [default: lines; chunks with --binary]' -r -f -a "(__wscope_offered lines\t'A message per line' nul\t'Messages separated by NUL bytes' whole\t'One message for all of it' chunks\t'A message for each read' json\t'JSON actions, one per line')"
complete -c wscope -n '__wscope_is connect' -l output -d 'How to write received messages [default: lines; raw with --binary; decorated on a terminal]' -r -f -a "(__wscope_offered lines\t'Unchanged, each followed by a newline' nul\t'Unchanged, each followed by a NUL byte' raw\t'Unchanged, one after the other' hex\t'In hexadecimal, one per line' base64\t'In base64, one per line' json\t'Every event as a line of JSON')"
complete -c wscope -n '__wscope_is connect' -l max-message-size -d 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)' -r -f
complete -c wscope -n '__wscope_is connect' -s w -l wait -d 'After the end of input, close once nothing has been received for TIME; 0: at once, -1 or \'forever\': wait until the server closes [default: 1s]' -r -f
complete -c wscope -n '__wscope_is connect' -l count -d 'Close after N received messages' -r -f
complete -c wscope -n '__wscope_is connect' -l duration -d 'Receive for TIME, then close with 1000; exit status 0' -r -f
complete -c wscope -n '__wscope_is connect' -l expect -d 'Close once a message matches PATTERN; exit status 1 if none does [repeatable, in order]' -r -f
complete -c wscope -n '__wscope_is connect' -s m -l max-time -d 'Time limit for the run [default with --expect: 30s]' -r -f
complete -c wscope -n '__wscope_is connect' -l close-timeout -d 'Time limit for the server\'s answer to our Close frame' -r -f
complete -c wscope -n '__wscope_is connect' -l close-code -d 'Status code of our Close frame' -r -f -a "(__wscope_offered 1000\t'Normal Closure' 1001\t'Going Away' 1002\t'Protocol Error' 1003\t'Unsupported Data' 1007\t'Invalid Payload Data' 1008\t'Policy Violation' 1009\t'Message Too Big' 1010\t'Mandatory Extension' 1011\t'Internal Error' 1012\t'Service Restart' 1013\t'Try Again Later' 1014\t'Bad Gateway' 3000\t'Unauthorized' 3003\t'Forbidden' 3008\t'Timeout')"
complete -c wscope -n '__wscope_is connect' -l close-reason -d 'Reason of our Close frame' -r -f
complete -c wscope -n '__wscope_is connect; and __wscope_expands' -l record -d 'Record everything: .ndjson, .har or .wscope [repeatable]' -r -F
complete -c wscope -n '__wscope_is connect' -l ui -d 'Show everything as a page in the browser, on a free port' -f
complete -c wscope -n '__wscope_is connect' -l ui-history -d 'With --ui: keep at most SIZE of events (64M, 4G); beyond it the oldest are dropped' -r -f
complete -c wscope -n '__wscope_is connect' -l timestamps -d 'Show the time of every line' -f -a "(__wscope_offered utc\t'Date and time, UTC' local\t'Local time' relative\t'Time since the start' delta\t'Time since the previous line')"
complete -c wscope -n '__wscope_is connect' -l color -d 'When to use colors' -r -f -a "(__wscope_offered auto\t'On a terminal' always\t'Always' never\t'Never')"
complete -c wscope -n '__wscope_is connect' -l filter -d 'Show only what matches PATTERN [repeatable]' -r -f
complete -c wscope -n '__wscope_is connect' -l mute -d 'Do not show what matches PATTERN, as --filter has it [repeatable]' -r -f
complete -c wscope -n '__wscope_is connect' -l no-compress -d 'Do not offer compression'
complete -c wscope -n '__wscope_is connect' -l strict -d 'Fail if the server selects none of the subprotocols offered or does not accept --compress, and, with --expect, if other messages are received in between'
complete -c wscope -n '__wscope_is connect' -l netrc -d 'Read user name and password from ~/.netrc, or the file that NETRC names'
complete -c wscope -n '__wscope_is connect' -l proxy-insecure -d 'Accept any certificate of an https:// proxy'
complete -c wscope -n '__wscope_is connect' -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c wscope -n '__wscope_is connect' -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c wscope -n '__wscope_is connect' -s k -l insecure -d 'Accept any certificate'
complete -c wscope -n '__wscope_is connect' -l no-system-ca -d 'Trust only the certificates of --cacert, not the system\'s'
complete -c wscope -n '__wscope_is connect' -s L -l location -d 'Follow redirects (301, 302, 303, 307, 308)'
complete -c wscope -n '__wscope_is connect' -l reconnect-on-close -d 'Reconnect also after 1000, 3000 to 4999 or no code'
complete -c wscope -n '__wscope_is connect' -s 0 -d 'Same as --input nul'
complete -c wscope -n '__wscope_is connect' -l slash -d 'Treat lines of standard input that start with / as commands, as at the prompt'
complete -c wscope -n '__wscope_is connect' -s b -l binary -d 'Send binary messages'
complete -c wscope -n '__wscope_is connect' -s t -l text -d 'Send text messages [the default]'
complete -c wscope -n '__wscope_is connect' -l echo -d 'Send every received message back, with the same type'
complete -c wscope -n '__wscope_is connect' -l json -d 'Same as --output json: every event as a line of JSON'
complete -c wscope -n '__wscope_is connect' -l lenient -d 'Continue after protocol violations, with warnings'
complete -c wscope -n '__wscope_is connect' -s 1 -d 'Same as --count 1'
complete -c wscope -n '__wscope_is connect' -l stay -d 'Stay at the prompt when the connection has ended'
complete -c wscope -n '__wscope_is connect' -l force -d 'Replace files of --record that exist'
complete -c wscope -n '__wscope_is connect' -l append -d 'Continue files of --record that exist: .ndjson only'
complete -c wscope -n '__wscope_is connect' -l open -d 'With --ui: open the page in the browser'
complete -c wscope -n '__wscope_is connect' -s v -l verbose -d 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
complete -c wscope -n '__wscope_is connect' -s q -l quiet -d 'Show errors only'
complete -c wscope -n '__wscope_is connect' -l no-color -d 'Same as --color never'
complete -c wscope -n '__wscope_is connect' -l pretty -d 'Indent long JSON messages, also in a pipe [the default on a terminal]'
complete -c wscope -n '__wscope_is connect' -l no-pretty -d 'Show JSON messages as received'
complete -c wscope -n '__wscope_is connect' -l show-secrets -d 'Show credentials, cookies and tokens instead of masking them'
complete -c wscope -n '__wscope_is connect' -l no-config -d 'Ignore the configuration file and WSCOPE_OPTIONS'
complete -c wscope -n '__wscope_is connect' -l no-history -d 'Do not save the history of the prompt'
complete -c wscope -n '__wscope_is connect' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n '__wscope_is connect' -s V -l version -d 'Print version'
complete -c wscope -n '__wscope_is connect; and __wscope_has_arguments 0' -f -a '(__wscope_endpoints)'
complete -c wscope -n '__wscope_is listen' -s H -l header -d 'Add, replace or remove a header of the 101 response [repeatable]' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is listen' -s s -l subprotocol -d 'A subprotocol to accept [repeatable, or a comma-separated list]' -r -f
complete -c wscope -n '__wscope_is listen' -l allow-origin -d 'Accept only requests with this Origin; others get 403. \'*\' accepts all [repeatable]' -r -f
complete -c wscope -n '__wscope_is listen' -s u -l user -d 'Require this user name and password; others get 401. @FILE reads them from a file' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is listen' -l path -d 'Serve this path only; others get 404' -r -f
complete -c wscope -n '__wscope_is listen' -l max-clients -d 'Serve at most this many clients at a time; others get 503' -r -f
complete -c wscope -n '__wscope_is listen' -l handshake-timeout -d 'Time limit for a client\'s TLS handshake and request; 0 means no limit' -r -f
complete -c wscope -n '__wscope_is listen; and __wscope_expands' -l tls-cert -d 'Accept wss://, with this certificate and its chain: PEM, DER or PKCS#12' -r -F
complete -c wscope -n '__wscope_is listen; and __wscope_expands' -l tls-key -d 'Private key, if it is in another file: PKCS#8, PKCS#1 or SEC 1, encrypted or not' -r -F
complete -c wscope -n '__wscope_is listen' -l tls-pass -d 'Passphrase of the key, or @FILE to read it from; if it is missing, it is prompted for on the terminal' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is listen' -s x -l send -d 'Send TEXT to every client once it is connected [repeatable]' -r -f
complete -c wscope -n '__wscope_is listen' -l broadcast -d 'Send every received message to all other clients; with =all also back to the sender' -f -a "(__wscope_offered others\t'All but the sender' all\t'The sender too')"
complete -c wscope -n '__wscope_is listen; and __wscope_expands' -l replay -d 'Answer every client as the server of this recording did: a mock server' -r -F
complete -c wscope -n '__wscope_is listen' -l entry -d 'With --replay: play this connection of the recording: its number, or a part of its URL' -r -f
complete -c wscope -n '__wscope_is listen' -l ignore -d 'With --replay: do not compare what this JSONPath selects, such as \'$.ts\' [repeatable]' -r -f
complete -c wscope -n '__wscope_is listen' -l max-size -d 'With --replay: the largest file that is read as a whole, and the most memory for messages' -r -f
complete -c wscope -n '__wscope_is listen' -l output -d 'How to write received messages [default: lines; decorated on a terminal]' -r -f -a "(__wscope_offered lines\t'Unchanged, each followed by a newline' nul\t'Unchanged, each followed by a NUL byte' raw\t'Unchanged, one after the other' hex\t'In hexadecimal, one per line' base64\t'In base64, one per line' json\t'Every event as a line of JSON')"
complete -c wscope -n '__wscope_is listen' -l max-message-size -d 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)' -r -f
complete -c wscope -n '__wscope_is listen' -l max-memory -d 'Memory limit for the messages of all clients; beyond it the client that holds most is closed' -r -f
complete -c wscope -n '__wscope_is listen' -l count -d 'End after N messages have been received from all clients together' -r -f
complete -c wscope -n '__wscope_is listen' -l duration -d 'Serve for TIME, then close all connections with 1000; exit status 0' -r -f
complete -c wscope -n '__wscope_is listen' -l close-timeout -d 'Time limit for a client\'s answer to our Close frame' -r -f
complete -c wscope -n '__wscope_is listen; and __wscope_expands' -l record -d 'Record everything: .ndjson, .har or .wscope [repeatable]' -r -F
complete -c wscope -n '__wscope_is listen' -l ui -d 'Show everything as a page in the browser, on a free port' -f
complete -c wscope -n '__wscope_is listen' -l ui-history -d 'With --ui: keep at most SIZE of events (64M, 4G); beyond it the oldest are dropped' -r -f
complete -c wscope -n '__wscope_is listen' -l timestamps -d 'Show the time of every line' -f -a "(__wscope_offered utc\t'Date and time, UTC' local\t'Local time' relative\t'Time since the start' delta\t'Time since the previous line')"
complete -c wscope -n '__wscope_is listen' -l color -d 'When to use colors' -r -f -a "(__wscope_offered auto\t'On a terminal' always\t'Always' never\t'Never')"
complete -c wscope -n '__wscope_is listen' -l mute -d 'Do not show what matches PATTERN, as --filter has it [repeatable]' -r -f
complete -c wscope -n '__wscope_is listen' -l filter -d 'Show only what matches PATTERN [repeatable]' -r -f
complete -c wscope -n '__wscope_is listen' -l no-compress -d 'Do not accept compression'
complete -c wscope -n '__wscope_is listen' -l echo -d 'Send every received message back, with the same type'
complete -c wscope -n '__wscope_is listen' -l strict -d 'With --replay: close with 1008 if a client says something else than was recorded'
complete -c wscope -n '__wscope_is listen' -l json -d 'Same as --output json: write every event as a line of JSON'
complete -c wscope -n '__wscope_is listen' -l lenient -d 'Continue after protocol violations where possible, with a warning for each'
complete -c wscope -n '__wscope_is listen' -l once -d 'Serve one client, then exit with its status; others get 503'
complete -c wscope -n '__wscope_is listen' -s 1 -d 'Same as --count 1'
complete -c wscope -n '__wscope_is listen' -l force -d 'Replace files of --record that exist'
complete -c wscope -n '__wscope_is listen' -l append -d 'Continue files of --record that exist: .ndjson only'
complete -c wscope -n '__wscope_is listen' -l open -d 'With --ui: open the page in the browser'
complete -c wscope -n '__wscope_is listen' -s v -l verbose -d 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
complete -c wscope -n '__wscope_is listen' -s q -l quiet -d 'Show errors only'
complete -c wscope -n '__wscope_is listen' -l no-color -d 'Same as --color never'
complete -c wscope -n '__wscope_is listen' -l pretty -d 'Indent long JSON messages, also in a pipe [the default on a terminal]'
complete -c wscope -n '__wscope_is listen' -l no-pretty -d 'Show JSON messages as received'
complete -c wscope -n '__wscope_is listen' -l show-secrets -d 'Show credentials, cookies and tokens instead of masking them'
complete -c wscope -n '__wscope_is listen' -l no-config -d 'Ignore the configuration file and WSCOPE_OPTIONS'
complete -c wscope -n '__wscope_is listen' -l no-history -d 'Do not save the history of the prompt'
complete -c wscope -n '__wscope_is listen' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n '__wscope_is listen; and __wscope_has_arguments 0' -f
complete -c wscope -n '__wscope_is proxy' -l max-clients -d 'Serve at most this many connections at a time; others get 503' -r -f
complete -c wscope -n '__wscope_is proxy' -l handshake-timeout -d 'Time limit for a client\'s TLS handshake and request; 0 means no limit' -r -f
complete -c wscope -n '__wscope_is proxy; and __wscope_expands' -l tls-cert -d 'Accept wss://, with this certificate and its chain: PEM, DER or PKCS#12' -r -F
complete -c wscope -n '__wscope_is proxy; and __wscope_expands' -l tls-key -d 'Private key, if it is in another file: PKCS#8, PKCS#1 or SEC 1, encrypted or not' -r -F
complete -c wscope -n '__wscope_is proxy' -l tls-pass -d 'Passphrase of the key, or @FILE to read it from; if it is missing, it is prompted for on the terminal' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is proxy' -s H -l header -d 'Add, replace or remove a header of the client\'s request [repeatable]' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is proxy' -s o -l origin -d 'Send this Origin header in place of the client\'s' -r -f
complete -c wscope -n '__wscope_is proxy' -s A -l user-agent -d 'Send this User-Agent header in place of the client\'s' -r -f
complete -c wscope -n '__wscope_is proxy' -l connect-timeout -d 'Time limit for connecting to the server, up to its response; then the client gets 504' -r -f
complete -c wscope -n '__wscope_is proxy' -s u -l user -d 'Authenticate with user name and password (Basic)' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is proxy' -l bearer -d 'Authenticate with a token (Authorization: Bearer)' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is proxy' -l cookie -d 'Send cookies: \'a=b; c=d\' [repeatable]' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is proxy; and __wscope_expands' -l netrc-file -d 'Read user name and password from this file instead of ~/.netrc' -r -F
complete -c wscope -n '__wscope_is proxy' -l proxy -d 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]' -r -f
complete -c wscope -n '__wscope_is proxy' -l no-proxy -d 'Do not use a proxy for these hosts [default: the environment variable NO_PROXY]' -r -f
complete -c wscope -n '__wscope_is proxy' -l proxy-header -d 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]' -r -f
complete -c wscope -n '__wscope_is proxy' -l resolve -d 'Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]' -r -f
complete -c wscope -n '__wscope_is proxy; and __wscope_expands' -l unix-socket -d 'Connect to this Unix socket instead of the host in the URL' -r -F
complete -c wscope -n '__wscope_is proxy' -l interface -d 'Connect from this local address or network interface' -r -f
complete -c wscope -n '__wscope_is proxy; and __wscope_expands' -l cacert -d 'Also trust the certificates in this file, or in the files of this directory [repeatable]' -r -F
complete -c wscope -n '__wscope_is proxy; and __wscope_expands' -l cert -d 'Client certificate, for a server that requests one' -r -F
complete -c wscope -n '__wscope_is proxy; and __wscope_expands' -l key -d 'Private key of --cert, if it is in another file' -r -F
complete -c wscope -n '__wscope_is proxy' -l pass -d 'Passphrase of the key or of the PKCS#12 file' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is proxy' -l servername -d 'Send this server name (SNI), and check the certificate for it, instead of the URL\'s host' -r -f
complete -c wscope -n '__wscope_is proxy' -l tls-min -d 'Minimum version of TLS' -r -f -a "(__wscope_offered 1.0\t'RFC 2246, deprecated' 1.1\t'RFC 4346, deprecated' 1.2\t'RFC 5246' 1.3\t'RFC 8446')"
complete -c wscope -n '__wscope_is proxy' -l tls-max -d 'Maximum version of TLS' -r -f -a "(__wscope_offered 1.0\t'RFC 2246, deprecated' 1.1\t'RFC 4346, deprecated' 1.2\t'RFC 5246' 1.3\t'RFC 8446')"
complete -c wscope -n '__wscope_is proxy' -l rule -d 'Change messages: \'SIDE [PATTERN] [WHEN] => ACTION\' [repeatable; the first that matches counts]' -r -f
complete -c wscope -n '__wscope_is proxy' -l seed -d 'Seed for all that is random (N%, ±TIME, corrupt): runs with the same N make the same choices' -r -f
complete -c wscope -n '__wscope_is proxy' -l throttle -d 'Pass on at most SIZE bytes a second in each direction of a connection (16K, 1M)' -r -f
complete -c wscope -n '__wscope_is proxy' -l latency -d 'Delay everything by TIME in each direction, such as 200ms or 200ms±50ms' -r -f
complete -c wscope -n '__wscope_is proxy' -l refuse -d 'Refuse opening handshakes with this status, such as 503; with 503,20% one in five at random' -r -f
complete -c wscope -n '__wscope_is proxy' -l output -d 'How to write messages [default: lines; decorated on a terminal]' -r -f -a "(__wscope_offered lines\t'Unchanged, each followed by a newline' nul\t'Unchanged, each followed by a NUL byte' raw\t'Unchanged, one after the other' hex\t'In hexadecimal, one per line' base64\t'In base64, one per line' json\t'Every event as a line of JSON')"
complete -c wscope -n '__wscope_is proxy' -l max-message-size -d 'Do not show messages over SIZE, and do not apply rules to them (64K, 10M, 1G)' -r -f
complete -c wscope -n '__wscope_is proxy' -l max-memory -d 'Memory limit for what is kept of all connections for display and rules' -r -f
complete -c wscope -n '__wscope_is proxy; and __wscope_expands' -l record -d 'Record everything: .ndjson, .har or .wscope [repeatable]' -r -F
complete -c wscope -n '__wscope_is proxy' -l ui -d 'Show everything as a page in the browser, on a free port' -f
complete -c wscope -n '__wscope_is proxy' -l ui-history -d 'With --ui: keep at most SIZE of events (64M, 4G); beyond it the oldest are dropped' -r -f
complete -c wscope -n '__wscope_is proxy' -l connections -d 'End after N connections have ended' -r -f
complete -c wscope -n '__wscope_is proxy' -l duration -d 'Serve for TIME, then close all connections; exit status 0' -r -f
complete -c wscope -n '__wscope_is proxy' -l close-timeout -d 'Time limit for the answers to a Close frame of the proxy\'s own' -r -f
complete -c wscope -n '__wscope_is proxy' -l timestamps -d 'Show the time of every line' -f -a "(__wscope_offered utc\t'Date and time, UTC' local\t'Local time' relative\t'Time since the start' delta\t'Time since the previous line')"
complete -c wscope -n '__wscope_is proxy' -l color -d 'When to use colors' -r -f -a "(__wscope_offered auto\t'On a terminal' always\t'Always' never\t'Never')"
complete -c wscope -n '__wscope_is proxy' -l mute -d 'Do not show what matches PATTERN, as --filter has it [repeatable]' -r -f
complete -c wscope -n '__wscope_is proxy' -l connect-to -d 'Connect to this host and port instead; TLS and HTTP still use those of the URL' -r -f
complete -c wscope -n '__wscope_is proxy' -l filter -d 'Show only what matches PATTERN [repeatable]' -r -f
complete -c wscope -n '__wscope_is proxy' -l no-http -d 'Answer HTTP requests other than opening handshakes with 426 instead of relaying them to the server'
complete -c wscope -n '__wscope_is proxy' -l keep-host -d 'Pass on the Host header as the client sends it'
complete -c wscope -n '__wscope_is proxy' -l keep-origin -d 'Pass on the Origin header as the client sends it'
complete -c wscope -n '__wscope_is proxy' -l netrc -d 'Read user name and password from ~/.netrc, or the file that NETRC names'
complete -c wscope -n '__wscope_is proxy' -l proxy-insecure -d 'Accept any certificate of an https:// proxy'
complete -c wscope -n '__wscope_is proxy' -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c wscope -n '__wscope_is proxy' -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c wscope -n '__wscope_is proxy' -s k -l insecure -d 'Accept any certificate'
complete -c wscope -n '__wscope_is proxy' -l no-system-ca -d 'Trust only the certificates of --cacert, not the system\'s'
complete -c wscope -n '__wscope_is proxy' -l enforce -d 'Withhold frames that violate the protocol, and close both sides with 1002 or 1007'
complete -c wscope -n '__wscope_is proxy' -l json -d 'Same as --output json: every event as a line of JSON'
complete -c wscope -n '__wscope_is proxy' -l force -d 'Replace files of --record that exist'
complete -c wscope -n '__wscope_is proxy' -l append -d 'Continue files of --record that exist: .ndjson only'
complete -c wscope -n '__wscope_is proxy' -l open -d 'With --ui: open the page in the browser'
complete -c wscope -n '__wscope_is proxy' -l once -d 'Serve one connection, then exit with its status; others get 503'
complete -c wscope -n '__wscope_is proxy' -s v -l verbose -d 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
complete -c wscope -n '__wscope_is proxy' -s q -l quiet -d 'Show errors only'
complete -c wscope -n '__wscope_is proxy' -l no-color -d 'Same as --color never'
complete -c wscope -n '__wscope_is proxy' -l pretty -d 'Indent long JSON messages, also in a pipe [the default on a terminal]'
complete -c wscope -n '__wscope_is proxy' -l no-pretty -d 'Show JSON messages as received'
complete -c wscope -n '__wscope_is proxy' -l show-secrets -d 'Show credentials, cookies and tokens instead of masking them'
complete -c wscope -n '__wscope_is proxy' -l no-config -d 'Ignore the configuration file and WSCOPE_OPTIONS'
complete -c wscope -n '__wscope_is proxy' -l no-history -d 'Do not save the history of the prompt'
complete -c wscope -n '__wscope_is proxy' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n '__wscope_is proxy; and __wscope_has_arguments 0' -f
complete -c wscope -n '__wscope_is proxy; and __wscope_has_arguments 1' -f -a '(__wscope_endpoints)'
complete -c wscope -n '__wscope_is check' -l variable -d 'Give {{NAME}} this value [repeatable]' -r -f
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l variables-file -d 'Read variables from a file with a NAME=VALUE on each line [repeatable]' -r -F
complete -c wscope -n '__wscope_is check' -l secret -d 'Give {{NAME}} this value, and show it as *** in all output and reports [repeatable]' -r -f
complete -c wscope -n '__wscope_is check' -l glob -d 'Add the files that match a pattern, such as \'tests/**/*.wscope\' [repeatable]' -r -f
complete -c wscope -n '__wscope_is check' -s j -l jobs -d 'Run this many files at the same time [default: the number of processors, 1 with --verbose]' -r -f
complete -c wscope -n '__wscope_is check' -l repeat -d 'Run all files N times' -r -f
complete -c wscope -n '__wscope_is check' -l only -d 'Run only the parts whose title matches' -r -f
complete -c wscope -n '__wscope_is check' -l retry -d 'Retry connecting up to N times, for each connection, while the server is not reachable or answers 502 or 503' -f
complete -c wscope -n '__wscope_is check' -s m -l max-time -d 'Limit for each part [default: max-time of the scenario, or 30s]' -r -f
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l report-junit -d 'Write a JUnit XML report; - is standard output' -r -F
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l report-tap -d 'Write a TAP version 14 report; - is standard output' -r -F
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l report-json -d 'Write a JSON report; - is standard output' -r -F
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l report-html -d 'Write an HTML report, a page for people; - is standard output' -r -F
complete -c wscope -n '__wscope_is check' -s H -l header -d 'Add, replace or remove a request header [repeatable]' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is check' -s s -l subprotocol -d 'Offer a subprotocol [repeatable, or a comma-separated list]' -r -f
complete -c wscope -n '__wscope_is check' -s o -l origin -d 'Send an Origin header' -r -f
complete -c wscope -n '__wscope_is check' -s A -l user-agent -d 'Send this User-Agent header' -r -f
complete -c wscope -n '__wscope_is check' -l compress -d 'Offer permessage-deflate with these parameters [default: client_max_window_bits]' -r -f
complete -c wscope -n '__wscope_is check' -s u -l user -d 'Authenticate with user name and password (Basic)' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is check' -l bearer -d 'Authenticate with a token (Authorization: Bearer)' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is check' -l cookie -d 'Send cookies: \'a=b; c=d\' [repeatable]' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l netrc-file -d 'Read user name and password from this file instead of ~/.netrc' -r -F
complete -c wscope -n '__wscope_is check' -l connect-timeout -d 'Time limit for connecting, up to the end of the opening handshake' -r -f
complete -c wscope -n '__wscope_is check' -l proxy -d 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]' -r -f
complete -c wscope -n '__wscope_is check' -l no-proxy -d 'Do not use a proxy for these hosts [default: the environment variable NO_PROXY]' -r -f
complete -c wscope -n '__wscope_is check' -l proxy-header -d 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]' -r -f
complete -c wscope -n '__wscope_is check' -l connect-to -d 'Connect to this host and port instead; TLS and HTTP still use those of the URL' -r -f
complete -c wscope -n '__wscope_is check' -l resolve -d 'Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]' -r -f
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l unix-socket -d 'Connect to this Unix socket instead of the host in the URL' -r -F
complete -c wscope -n '__wscope_is check' -l interface -d 'Connect from this local address or network interface' -r -f
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l cacert -d 'Also trust the certificates in this file, or in the files of this directory [repeatable]' -r -F
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l cert -d 'Client certificate, for a server that requests one' -r -F
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l key -d 'Private key of --cert, if it is in another file' -r -F
complete -c wscope -n '__wscope_is check' -l pass -d 'Passphrase of the key or of the PKCS#12 file' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is check' -l servername -d 'Send this server name (SNI), and check the certificate for it, instead of the URL\'s host' -r -f
complete -c wscope -n '__wscope_is check' -l tls-min -d 'Minimum version of TLS' -r -f -a "(__wscope_offered 1.0\t'RFC 2246, deprecated' 1.1\t'RFC 4346, deprecated' 1.2\t'RFC 5246' 1.3\t'RFC 8446')"
complete -c wscope -n '__wscope_is check' -l tls-max -d 'Maximum version of TLS' -r -f -a "(__wscope_offered 1.0\t'RFC 2246, deprecated' 1.1\t'RFC 4346, deprecated' 1.2\t'RFC 5246' 1.3\t'RFC 8446')"
complete -c wscope -n '__wscope_is check' -l ping-interval -d 'Send a ping every TIME, to keep the connection alive and to see that the server answers' -r -f
complete -c wscope -n '__wscope_is check' -l max-message-size -d 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)' -r -f
complete -c wscope -n '__wscope_is check' -l close-timeout -d 'Time limit for the server\'s answer to our Close frame' -r -f
complete -c wscope -n '__wscope_is check' -l max-redirs -d 'Follow at most N redirects' -r -f
complete -c wscope -n '__wscope_is check' -l ping-timeout -d 'End the connection if a ping of --ping-interval is not answered within TIME' -r -f
complete -c wscope -n '__wscope_is check' -l idle-timeout -d 'End the connection if nothing is received for TIME' -r -f
complete -c wscope -n '__wscope_is check; and __wscope_expands' -l record -d 'Record everything: .ndjson, .har or .wscope [repeatable]' -r -F
complete -c wscope -n '__wscope_is check' -l timestamps -d 'Show the time of every line' -f -a "(__wscope_offered utc\t'Date and time, UTC' local\t'Local time' relative\t'Time since the start' delta\t'Time since the previous line')"
complete -c wscope -n '__wscope_is check' -l color -d 'When to use colors' -r -f -a "(__wscope_offered auto\t'On a terminal' always\t'Always' never\t'Never')"
complete -c wscope -n '__wscope_is check' -l fail-fast -d 'Stop at the first part that fails'
complete -c wscope -n '__wscope_is check' -l list -d 'List files and parts with their lines, and run nothing'
complete -c wscope -n '__wscope_is check' -l allow-run -d 'Allow scenarios to run commands ($ lines)'
complete -c wscope -n '__wscope_is check' -l relax -d 'Relax patterns that fail only because values differ, and rewrite the files'
complete -c wscope -n '__wscope_is check' -l yes -d 'Write what --relax changes without asking'
complete -c wscope -n '__wscope_is check' -l strict -d 'Count warnings as failures'
complete -c wscope -n '__wscope_is check' -l no-compress -d 'Do not offer compression'
complete -c wscope -n '__wscope_is check' -l netrc -d 'Read user name and password from ~/.netrc, or the file that NETRC names'
complete -c wscope -n '__wscope_is check' -l proxy-insecure -d 'Accept any certificate of an https:// proxy'
complete -c wscope -n '__wscope_is check' -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c wscope -n '__wscope_is check' -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c wscope -n '__wscope_is check' -s k -l insecure -d 'Accept any certificate'
complete -c wscope -n '__wscope_is check' -l no-system-ca -d 'Trust only the certificates of --cacert, not the system\'s'
complete -c wscope -n '__wscope_is check' -s L -l location -d 'Follow redirects (301, 302, 303, 307, 308)'
complete -c wscope -n '__wscope_is check' -l lenient -d 'Continue after protocol violations where possible'
complete -c wscope -n '__wscope_is check' -l force -d 'Replace files of --record that exist'
complete -c wscope -n '__wscope_is check' -l append -d 'Continue files of --record that exist: .ndjson only'
complete -c wscope -n '__wscope_is check' -s v -l verbose -d 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
complete -c wscope -n '__wscope_is check' -s q -l quiet -d 'Show errors only'
complete -c wscope -n '__wscope_is check' -l no-color -d 'Same as --color never'
complete -c wscope -n '__wscope_is check' -l pretty -d 'Indent long JSON messages, also in a pipe [the default on a terminal]'
complete -c wscope -n '__wscope_is check' -l no-pretty -d 'Show JSON messages as received'
complete -c wscope -n '__wscope_is check' -l show-secrets -d 'Show credentials, cookies and tokens instead of masking them'
complete -c wscope -n '__wscope_is check' -l no-config -d 'Ignore the configuration file and WSCOPE_OPTIONS'
complete -c wscope -n '__wscope_is check' -l no-history -d 'Do not save the history of the prompt'
complete -c wscope -n '__wscope_is check' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n '__wscope_is check' -F
complete -c wscope -n '__wscope_is view' -l entry -d 'Only this connection: its number, or a part of its URL' -r -f
complete -c wscope -n '__wscope_is view' -l max-size -d 'The largest file that is read as a whole, and the longest line of events (64K, 10M, 1G)' -r -f
complete -c wscope -n '__wscope_is view' -l output -d 'How received messages are written [default: decorated on a terminal, else lines]' -r -f -a "(__wscope_offered lines\t'Unchanged, each followed by a newline' nul\t'Unchanged, each followed by a NUL byte' raw\t'Unchanged, one after the other' hex\t'In hexadecimal, one per line' base64\t'In base64, one per line' json\t'Every event as a line of JSON')"
complete -c wscope -n '__wscope_is view; and __wscope_expands' -l record -d 'Record everything: .ndjson, .har or .wscope [repeatable]' -r -F
complete -c wscope -n '__wscope_is view' -l ui -d 'Show everything as a page in the browser, on a free port' -f
complete -c wscope -n '__wscope_is view' -l ui-history -d 'With --ui: keep at most SIZE of events (64M, 4G); beyond it the oldest are dropped' -r -f
complete -c wscope -n '__wscope_is view' -l timestamps -d 'Show the time of every line' -f -a "(__wscope_offered utc\t'Date and time, UTC' local\t'Local time' relative\t'Time since the start' delta\t'Time since the previous line')"
complete -c wscope -n '__wscope_is view' -l color -d 'When to use colors' -r -f -a "(__wscope_offered auto\t'On a terminal' always\t'Always' never\t'Never')"
complete -c wscope -n '__wscope_is view' -l filter -d 'Show only what matches PATTERN [repeatable]' -r -f
complete -c wscope -n '__wscope_is view' -l mute -d 'Do not show what matches PATTERN, as --filter has it [repeatable]' -r -f
complete -c wscope -n '__wscope_is view' -l json -d 'Write every event as a line of JSON (same as --output json)'
complete -c wscope -n '__wscope_is view' -l stats -d 'Show a table of numbers, sizes, rates, gaps and response times instead; with --json one object'
complete -c wscope -n '__wscope_is view' -l force -d 'Replace files of --record that exist'
complete -c wscope -n '__wscope_is view' -l append -d 'Continue files of --record that exist: .ndjson only'
complete -c wscope -n '__wscope_is view' -l open -d 'With --ui: open the page in the browser'
complete -c wscope -n '__wscope_is view' -s v -l verbose -d 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
complete -c wscope -n '__wscope_is view' -s q -l quiet -d 'Show errors only'
complete -c wscope -n '__wscope_is view' -l no-color -d 'Same as --color never'
complete -c wscope -n '__wscope_is view' -l pretty -d 'Indent long JSON messages, also in a pipe [the default on a terminal]'
complete -c wscope -n '__wscope_is view' -l no-pretty -d 'Show JSON messages as received'
complete -c wscope -n '__wscope_is view' -l show-secrets -d 'Show credentials, cookies and tokens instead of masking them'
complete -c wscope -n '__wscope_is view' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n '__wscope_is view; and __wscope_has_arguments 0' -F
complete -c wscope -n '__wscope_is replay' -l pace -d 'When messages are sent [default: answers; original with --speed]' -r -f -a "(__wscope_offered answers\t'Each after as many answers as came before it in the recording' original\t'With the recorded gaps' fast\t'At once')"
complete -c wscope -n '__wscope_is replay' -l speed -d 'With --pace original: divide the recorded gaps by this factor, such as 2 or 0.5' -r -f
complete -c wscope -n '__wscope_is replay' -l timeout -d 'How long to wait for answers; 0: no limit' -r -f
complete -c wscope -n '__wscope_is replay' -l ignore -d 'Do not compare what this JSONPath selects, such as \'$.ts\' or \'$..id\' [repeatable]' -r -f
complete -c wscope -n '__wscope_is replay' -l entry -d 'Only this connection: its number, or a part of its URL' -r -f
complete -c wscope -n '__wscope_is replay' -l max-size -d 'The largest file that is read as a whole, and the longest line of events (64K, 10M, 1G)' -r -f
complete -c wscope -n '__wscope_is replay' -l compress -d 'Offer permessage-deflate with these parameters [default: client_max_window_bits]' -r -f
complete -c wscope -n '__wscope_is replay' -s H -l header -d 'Add, replace or remove a header of the recorded request [repeatable]' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is replay' -s s -l subprotocol -d 'Offer a subprotocol in place of the recorded ones [repeatable, or a comma-separated list]' -r -f
complete -c wscope -n '__wscope_is replay' -s o -l origin -d 'Send this Origin header in place of the recorded one' -r -f
complete -c wscope -n '__wscope_is replay' -s A -l user-agent -d 'Send this User-Agent header in place of the recorded one' -r -f
complete -c wscope -n '__wscope_is replay' -s u -l user -d 'Authenticate with user name and password (Basic)' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is replay' -l bearer -d 'Authenticate with a token (Authorization: Bearer)' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is replay' -l cookie -d 'Send cookies: \'a=b; c=d\' [repeatable]' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is replay; and __wscope_expands' -l netrc-file -d 'Read user name and password from this file instead of ~/.netrc' -r -F
complete -c wscope -n '__wscope_is replay' -l connect-timeout -d 'Time limit for connecting, up to the end of the opening handshake' -r -f
complete -c wscope -n '__wscope_is replay' -l proxy -d 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]' -r -f
complete -c wscope -n '__wscope_is replay' -l no-proxy -d 'Do not use a proxy for these hosts [default: the environment variable NO_PROXY]' -r -f
complete -c wscope -n '__wscope_is replay' -l proxy-header -d 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]' -r -f
complete -c wscope -n '__wscope_is replay' -l connect-to -d 'Connect to this host and port instead; TLS and HTTP still use those of the URL' -r -f
complete -c wscope -n '__wscope_is replay' -l resolve -d 'Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]' -r -f
complete -c wscope -n '__wscope_is replay; and __wscope_expands' -l unix-socket -d 'Connect to this Unix socket instead of the host in the URL' -r -F
complete -c wscope -n '__wscope_is replay' -l interface -d 'Connect from this local address or network interface' -r -f
complete -c wscope -n '__wscope_is replay; and __wscope_expands' -l cacert -d 'Also trust the certificates in this file, or in the files of this directory [repeatable]' -r -F
complete -c wscope -n '__wscope_is replay; and __wscope_expands' -l cert -d 'Client certificate, for a server that requests one' -r -F
complete -c wscope -n '__wscope_is replay; and __wscope_expands' -l key -d 'Private key of --cert, if it is in another file' -r -F
complete -c wscope -n '__wscope_is replay' -l pass -d 'Passphrase of the key or of the PKCS#12 file' -r -f -a '(__wscope_at_files)'
complete -c wscope -n '__wscope_is replay' -l servername -d 'Send this server name (SNI), and check the certificate for it, instead of the URL\'s host' -r -f
complete -c wscope -n '__wscope_is replay' -l tls-min -d 'Minimum version of TLS' -r -f -a "(__wscope_offered 1.0\t'RFC 2246, deprecated' 1.1\t'RFC 4346, deprecated' 1.2\t'RFC 5246' 1.3\t'RFC 8446')"
complete -c wscope -n '__wscope_is replay' -l tls-max -d 'Maximum version of TLS' -r -f -a "(__wscope_offered 1.0\t'RFC 2246, deprecated' 1.1\t'RFC 4346, deprecated' 1.2\t'RFC 5246' 1.3\t'RFC 8446')"
complete -c wscope -n '__wscope_is replay' -l max-redirs -d 'Follow at most N redirects' -r -f
complete -c wscope -n '__wscope_is replay' -l retry -d 'Retry if connecting fails, up to N times' -f
complete -c wscope -n '__wscope_is replay' -l ping-interval -d 'Send a ping every TIME, to keep the connection alive and to see that the server answers' -r -f
complete -c wscope -n '__wscope_is replay' -l ping-timeout -d 'End the connection (exit status 7) if a ping of --ping-interval is not answered within TIME' -r -f
complete -c wscope -n '__wscope_is replay' -l idle-timeout -d 'End the connection (exit status 7) if nothing is received for TIME' -r -f
complete -c wscope -n '__wscope_is replay' -s m -l max-time -d 'Time limit for the whole run' -r -f
complete -c wscope -n '__wscope_is replay' -l close-timeout -d 'Time limit for the server\'s answer to our Close frame' -r -f
complete -c wscope -n '__wscope_is replay' -l output -d 'How to write received messages [default: lines; raw with --binary; decorated on a terminal]' -r -f -a "(__wscope_offered lines\t'Unchanged, each followed by a newline' nul\t'Unchanged, each followed by a NUL byte' raw\t'Unchanged, one after the other' hex\t'In hexadecimal, one per line' base64\t'In base64, one per line' json\t'Every event as a line of JSON')"
complete -c wscope -n '__wscope_is replay' -l max-message-size -d 'Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)' -r -f
complete -c wscope -n '__wscope_is replay; and __wscope_expands' -l record -d 'Record everything: .ndjson, .har or .wscope [repeatable]' -r -F
complete -c wscope -n '__wscope_is replay' -l timestamps -d 'Show the time of every line' -f -a "(__wscope_offered utc\t'Date and time, UTC' local\t'Local time' relative\t'Time since the start' delta\t'Time since the previous line')"
complete -c wscope -n '__wscope_is replay' -l color -d 'When to use colors' -r -f -a "(__wscope_offered auto\t'On a terminal' always\t'Always' never\t'Never')"
complete -c wscope -n '__wscope_is replay' -l filter -d 'Show only what matches PATTERN [repeatable]' -r -f
complete -c wscope -n '__wscope_is replay' -l mute -d 'Do not show what matches PATTERN, as --filter has it [repeatable]' -r -f
complete -c wscope -n '__wscope_is replay' -l check -d 'Compare what is received with the recording; exit status 1 if it differs'
complete -c wscope -n '__wscope_is replay' -l ignore-order -d 'Accept received messages in any order'
complete -c wscope -n '__wscope_is replay' -l no-compress -d 'Do not offer compression'
complete -c wscope -n '__wscope_is replay' -l strict -d 'Fail if the server selects none of the subprotocols offered or does not accept --compress'
complete -c wscope -n '__wscope_is replay' -l netrc -d 'Read user name and password from ~/.netrc, or the file that NETRC names'
complete -c wscope -n '__wscope_is replay' -l proxy-insecure -d 'Accept any certificate of an https:// proxy'
complete -c wscope -n '__wscope_is replay' -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c wscope -n '__wscope_is replay' -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c wscope -n '__wscope_is replay' -s k -l insecure -d 'Accept any certificate'
complete -c wscope -n '__wscope_is replay' -l no-system-ca -d 'Trust only the certificates of --cacert, not the system\'s'
complete -c wscope -n '__wscope_is replay' -s L -l location -d 'Follow redirects (301, 302, 303, 307, 308)'
complete -c wscope -n '__wscope_is replay' -l json -d 'Same as --output json: every event as a line of JSON'
complete -c wscope -n '__wscope_is replay' -l lenient -d 'Continue after protocol violations, with warnings'
complete -c wscope -n '__wscope_is replay' -l force -d 'Replace files of --record that exist'
complete -c wscope -n '__wscope_is replay' -l append -d 'Continue files of --record that exist: .ndjson only'
complete -c wscope -n '__wscope_is replay' -s v -l verbose -d 'Show request, response and control frames; -vv: every frame; -vvv: every byte'
complete -c wscope -n '__wscope_is replay' -s q -l quiet -d 'Show errors only'
complete -c wscope -n '__wscope_is replay' -l no-color -d 'Same as --color never'
complete -c wscope -n '__wscope_is replay' -l pretty -d 'Indent long JSON messages, also in a pipe [the default on a terminal]'
complete -c wscope -n '__wscope_is replay' -l no-pretty -d 'Show JSON messages as received'
complete -c wscope -n '__wscope_is replay' -l show-secrets -d 'Show credentials, cookies and tokens instead of masking them'
complete -c wscope -n '__wscope_is replay' -l no-config -d 'Ignore the configuration file and WSCOPE_OPTIONS'
complete -c wscope -n '__wscope_is replay' -l no-history -d 'Do not save the history of the prompt'
complete -c wscope -n '__wscope_is replay' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n '__wscope_is replay; and __wscope_has_arguments 0' -F
complete -c wscope -n '__wscope_is replay; and __wscope_has_arguments 1' -f
complete -c wscope -n '__wscope_is diff' -l ignore -d 'Do not compare what this JSONPath selects, such as \'$.ts\' or \'$..id\' [repeatable]' -r -f
complete -c wscope -n '__wscope_is diff' -l entry -d 'Only this connection: its number, or a part of its URL' -r -f
complete -c wscope -n '__wscope_is diff' -l max-size -d 'The largest file that is read as a whole, and the longest line of events (64K, 10M, 1G)' -r -f
complete -c wscope -n '__wscope_is diff' -l color -d 'When to use colors' -r -f -a "(__wscope_offered auto\t'On a terminal' always\t'Always' never\t'Never')"
complete -c wscope -n '__wscope_is diff' -l ignore-order -d 'Accept the messages of each side in any order'
complete -c wscope -n '__wscope_is diff' -l handshake -d 'Compare the opening handshakes too: URL, header fields and their order'
complete -c wscope -n '__wscope_is diff' -l timing -d 'Compare times too: between messages, to the end, and to open the connection'
complete -c wscope -n '__wscope_is diff' -l control -d 'Compare pings and pongs too'
complete -c wscope -n '__wscope_is diff' -l json -d 'Write each difference as a line of JSON, and last the counts'
complete -c wscope -n '__wscope_is diff' -s q -l quiet -d 'Write nothing: the exit status is the answer'
complete -c wscope -n '__wscope_is diff' -l no-color -d 'Same as --color never'
complete -c wscope -n '__wscope_is diff' -l show-secrets -d 'Show and compare credentials, cookies and tokens instead of masking them'
complete -c wscope -n '__wscope_is diff' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n '__wscope_is diff; and __wscope_has_arguments 0' -F
complete -c wscope -n '__wscope_is diff; and __wscope_has_arguments 1' -F
complete -c wscope -n '__wscope_is codes' -s h -l help -d 'Print help'
complete -c wscope -n '__wscope_is codes' -f -a "(__wscope_offered 1000\t'Normal Closure' 1001\t'Going Away' 1002\t'Protocol Error' 1003\t'Unsupported Data' 1004\t'Reserved' 1005\t'No Status Received' 1006\t'Abnormal Closure' 1007\t'Invalid Payload Data' 1008\t'Policy Violation' 1009\t'Message Too Big' 1010\t'Mandatory Extension' 1011\t'Internal Error' 1012\t'Service Restart' 1013\t'Try Again Later' 1014\t'Bad Gateway' 1015\t'TLS Handshake' 3000\t'Unauthorized' 3003\t'Forbidden' 3008\t'Timeout')"
complete -c wscope -n '__wscope_is completions' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n '__wscope_is completions; and __wscope_has_arguments 0' -f -a "(__wscope_offered bash\t'Bash' zsh\t'Zsh' fish\t'Fish' powershell\t'PowerShell' elvish\t'Elvish' nushell\t'Nushell')"
complete -c wscope -n '__wscope_is man' -s h -l help -d 'Print help'
complete -c wscope -n '__wscope_is man; and __wscope_has_arguments 0' -f -a "(__wscope_offered listen proxy check view replay diff codes completions man)"
complete -c wscope -n '__wscope_is help; and __wscope_has_arguments 0' -f -a "(__wscope_offered listen proxy check view replay diff codes completions man help)"
