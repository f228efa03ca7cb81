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
complete -c wscope -n "__fish_wscope_needs_command" -s s -l subprotocol -d 'Offer a subprotocol [repeatable, or a list with commas]' -r
complete -c wscope -n "__fish_wscope_needs_command" -s o -l origin -d 'Send an Origin header' -r
complete -c wscope -n "__fish_wscope_needs_command" -s A -l user-agent -d 'Send this User-Agent header' -r
complete -c wscope -n "__fish_wscope_needs_command" -l compress -d 'Offer permessage-deflate with these parameters [default: client_max_window_bits]' -r
complete -c wscope -n "__fish_wscope_needs_command" -s u -l user -d 'Log in with user name and password (Basic)' -r
complete -c wscope -n "__fish_wscope_needs_command" -l bearer -d 'Log in with a token (Authorization: Bearer)' -r
complete -c wscope -n "__fish_wscope_needs_command" -l cookie -d 'Send cookies: \'a=b; c=d\' [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l netrc-file -d 'Take user name and password from this file, written like ~/.netrc' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l connect-timeout -d 'Limit on everything up to the end of the opening handshake' -r
complete -c wscope -n "__fish_wscope_needs_command" -l proxy -d 'Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l no-proxy -d 'Use no proxy for these hosts [default: the environment variable NO_PROXY]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l proxy-header -d 'Add, replace or remove a header of the request to an HTTP proxy [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l connect-to -d 'Connect to this host and port instead; the URL stays what it is for TLS and HTTP' -r
complete -c wscope -n "__fish_wscope_needs_command" -l resolve -d 'Use these addresses for a host and port, without DNS; the host may be * [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l unix-socket -d 'Connect to this Unix socket, whatever host the URL names' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l interface -d 'Connect from this address or network interface of ours' -r
complete -c wscope -n "__fish_wscope_needs_command" -l cacert -d 'Trust the certificates in this file, or in the files of this folder, too [repeatable]' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l cert -d 'Present this certificate to a server that asks for one' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l key -d 'The key of --cert, if it is in a file of its own' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l pass -d 'The passphrase of the key, or of the PKCS#12 file' -r
complete -c wscope -n "__fish_wscope_needs_command" -l servername -d 'Ask the server for this name (SNI), and check its certificate for it, instead of the URL\'s' -r
complete -c wscope -n "__fish_wscope_needs_command" -l tls-min -d 'The oldest version of TLS to accept' -r -f -a "1.0\t'RFC 2246, deprecated'
1.1\t'RFC 4346, deprecated'
1.2\t'RFC 5246'
1.3\t'RFC 8446'"
complete -c wscope -n "__fish_wscope_needs_command" -l tls-max -d 'The newest version of TLS to offer' -r -f -a "1.0\t'RFC 2246, deprecated'
1.1\t'RFC 4346, deprecated'
1.2\t'RFC 5246'
1.3\t'RFC 8446'"
complete -c wscope -n "__fish_wscope_needs_command" -l max-redirs -d 'Follow at most this many redirects' -r
complete -c wscope -n "__fish_wscope_needs_command" -l retry -d 'Try again if the first connection fails, up to N times' -r
complete -c wscope -n "__fish_wscope_needs_command" -l reconnect -d 'Connect again when the connection is lost, up to N times in a row' -r
complete -c wscope -n "__fish_wscope_needs_command" -l reconnect-delay -d 'The first wait before another attempt' -r
complete -c wscope -n "__fish_wscope_needs_command" -l ping-interval -d 'Send a ping so often, to keep the connection busy and to see that the server answers' -r
complete -c wscope -n "__fish_wscope_needs_command" -l ping-timeout -d 'End the connection (status 7) if a ping of --ping-interval is not answered in time' -r
complete -c wscope -n "__fish_wscope_needs_command" -l idle-timeout -d 'End the connection (status 7) if nothing at all comes for so long' -r
complete -c wscope -n "__fish_wscope_needs_command" -s x -l send -d 'Send this text once open, before standard input [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l send-hex -d 'Send these bytes as a binary message [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l send-file -d 'Send a file as one message [repeatable]' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l send-frame -d 'Send this very frame, allowed or not [repeatable]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l input -d 'How standard input becomes messages: a line each, up to each NUL, all as one, as it comes, or JSON actions [default: lines; chunks with --binary]' -r -f -a "lines\t'A message a line'
nul\t'A message up to each NUL byte'
whole\t'All of it is one message'
chunks\t'A message for whatever one read gives'
json\t'An action in JSON a line'"
complete -c wscope -n "__fish_wscope_needs_command" -l output -d 'How received messages are written [default: lines; raw with --binary; decorated on a terminal]' -r -f -a "lines\t'As they are, each with a newline'
nul\t'As they are, each with a NUL byte'
raw\t'As they are'
hex\t'In hex, one a line'
base64\t'In base64, one a line'
json\t'Every event as a line of JSON'"
complete -c wscope -n "__fish_wscope_needs_command" -l max-message-size -d 'Close 1009 on a larger message; 64K, 10M and 1G are understood' -r
complete -c wscope -n "__fish_wscope_needs_command" -s w -l wait -d 'After the end of input go on until nothing has come for so long; 0 closes at once, -1 or \'forever\' goes on until the server closes [default: 1s]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l count -d 'Close after this many received messages' -r
complete -c wscope -n "__fish_wscope_needs_command" -l expect -d 'Close once such a message is received; exit status 1 otherwise [repeatable, in order]' -r
complete -c wscope -n "__fish_wscope_needs_command" -s m -l max-time -d 'Limit on the whole run [default with --expect: 30s]' -r
complete -c wscope -n "__fish_wscope_needs_command" -l close-timeout -d 'How long the server may take to answer our Close frame' -r
complete -c wscope -n "__fish_wscope_needs_command" -l close-code -d 'Code of our Close frame' -r
complete -c wscope -n "__fish_wscope_needs_command" -l close-reason -d 'Reason in our Close frame' -r
complete -c wscope -n "__fish_wscope_needs_command" -l timestamps -d 'Show when things happened' -r -f -a "utc\t'By the calendar, UTC'
local\t'By the clock on the wall'
relative\t'Since the start'
delta\t'Since the line before'"
complete -c wscope -n "__fish_wscope_needs_command" -l color -d 'Colours' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c wscope -n "__fish_wscope_needs_command" -s P -l show-ping-pong -d 'As -v, which shows more than pings and pongs'
complete -c wscope -n "__fish_wscope_needs_command" -l no-compress -d 'Offer no compression'
complete -c wscope -n "__fish_wscope_needs_command" -l strict -d 'Make it an error if the server chooses no subprotocol of those offered, or does not accept --compress, or, with --expect, if other messages come between'
complete -c wscope -n "__fish_wscope_needs_command" -l netrc -d 'Take user name and password from ~/.netrc, or the file that NETRC names'
complete -c wscope -n "__fish_wscope_needs_command" -l proxy-insecure -d 'Accept any certificate of an https:// proxy'
complete -c wscope -n "__fish_wscope_needs_command" -s 4 -d 'Use IPv4 only'
complete -c wscope -n "__fish_wscope_needs_command" -s 6 -d 'Use IPv6 only'
complete -c wscope -n "__fish_wscope_needs_command" -s k -l insecure -d 'Accept any certificate'
complete -c wscope -n "__fish_wscope_needs_command" -s n -l no-check -d 'As wscat spells --insecure'
complete -c wscope -n "__fish_wscope_needs_command" -l no-system-ca -d 'Trust only the certificates of --cacert, not the system\'s'
complete -c wscope -n "__fish_wscope_needs_command" -s L -l location -d 'Follow redirects (301, 302, 303, 307, 308)'
complete -c wscope -n "__fish_wscope_needs_command" -l reconnect-on-close -d 'Connect again also when the server closed with 1000, 3000 to 4999 or no code'
complete -c wscope -n "__fish_wscope_needs_command" -s 0 -d 'Short for --input nul'
complete -c wscope -n "__fish_wscope_needs_command" -l slash -d 'Take lines of standard input that start with / for commands, as a prompt always does'
complete -c wscope -n "__fish_wscope_needs_command" -s b -l binary -d 'Send binary messages'
complete -c wscope -n "__fish_wscope_needs_command" -s t -l text -d 'Send text messages [the default]'
complete -c wscope -n "__fish_wscope_needs_command" -l echo -d 'Send every received message back, with the same type'
complete -c wscope -n "__fish_wscope_needs_command" -l json -d 'Short for --output json: every event as a line of JSON'
complete -c wscope -n "__fish_wscope_needs_command" -l lenient -d 'Go on after violations of the protocol where that is possible; each is told as a warning'
complete -c wscope -n "__fish_wscope_needs_command" -s 1 -d 'Short for --count 1'
complete -c wscope -n "__fish_wscope_needs_command" -s v -l verbose -d 'Show both heads and control frames; -vv every frame; -vvv every byte'
complete -c wscope -n "__fish_wscope_needs_command" -s q -l quiet -d 'Show errors only'
complete -c wscope -n "__fish_wscope_needs_command" -l no-color -d 'Short for --color never'
complete -c wscope -n "__fish_wscope_needs_command" -l pretty -d 'Indent long JSON messages [the default on a terminal]'
complete -c wscope -n "__fish_wscope_needs_command" -l no-pretty -d 'Show JSON messages as they came'
complete -c wscope -n "__fish_wscope_needs_command" -l show-secrets -d 'Show credentials, cookies and tokens, which are masked otherwise'
complete -c wscope -n "__fish_wscope_needs_command" -l no-config -d 'Take neither the configuration file nor WSCOPE_OPTIONS into account'
complete -c wscope -n "__fish_wscope_needs_command" -l no-history -d 'Keep nothing of what is typed at the prompt'
complete -c wscope -n "__fish_wscope_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n "__fish_wscope_needs_command" -s V -l version -d 'Print version'
complete -c wscope -n "__fish_wscope_needs_command" -a "listen" -d 'Accept WebSocket clients'
complete -c wscope -n "__fish_wscope_needs_command" -a "codes" -d 'Tell what close codes mean'
complete -c wscope -n "__fish_wscope_needs_command" -a "completions" -d 'Print a completion script for a shell'
complete -c wscope -n "__fish_wscope_needs_command" -a "man" -d 'Print the manual page in roff'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s H -l header -d 'Add, replace or remove a header of the response that accepts [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s s -l subprotocol -d 'A subprotocol that is spoken [repeatable, or a list with commas]' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l allow-origin -d 'Accept only requests with this Origin; others get 403. \'*\' accepts all [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s u -l user -d 'Ask for this user name and password; others get 401. @FILE reads them from a file' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l path -d 'Serve this path only; others get 404' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l max-clients -d 'Serve at most this many clients at a time; others get 503' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l handshake-timeout -d 'How long a client may take for TLS and its request; 0 for no limit' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l tls-cert -d 'Listen for wss://, with this certificate: PEM, DER or PKCS#12, with those above it' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l tls-key -d 'Its key, if it is in a file of its own: PKCS#8, PKCS#1 or SEC 1, encrypted or not' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l tls-pass -d 'Passphrase of the key, or @FILE with it; asked for on the terminal if it is missing' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s x -l send -d 'Send this text to every client once it is open [repeatable]' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l broadcast -d 'Send every received message to all other clients; with =all also back to the sender' -r -f -a "others\t'All but the sender'
all\t'The sender too'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l output -d 'How received messages are written [default: lines; decorated on a terminal]' -r -f -a "lines\t'As they are, each with a newline'
nul\t'As they are, each with a NUL byte'
raw\t'As they are'
hex\t'In hex, one a line'
base64\t'In base64, one a line'
json\t'Every event as a line of JSON'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l max-message-size -d 'Close 1009 on a larger message; 64K, 10M and 1G are understood' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l max-memory -d 'Memory for messages of all clients together; over it the client that holds the most is closed' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l count -d 'End after this many received messages, from all clients together' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l close-timeout -d 'How long a client may take to answer our Close frame' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l timestamps -d 'Show when things happened' -r -f -a "utc\t'By the calendar, UTC'
local\t'By the clock on the wall'
relative\t'Since the start'
delta\t'Since the line before'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l color -d 'Colours' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-compress -d 'Agree to no compression'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l echo -d 'Send every received message back, with the same type'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l json -d 'Short for --output json: every event as a line of JSON'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l lenient -d 'Go on after violations of the protocol where that is possible; each is told as a warning'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l once -d 'Serve one client, then exit with its outcome; others get 503'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s 1 -d 'Short for --count 1'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s v -l verbose -d 'Show both heads and control frames; -vv every frame; -vvv every byte'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s q -l quiet -d 'Show errors only'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-color -d 'Short for --color never'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l pretty -d 'Indent long JSON messages [the default on a terminal]'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-pretty -d 'Show JSON messages as they came'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l show-secrets -d 'Show credentials, cookies and tokens, which are masked otherwise'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-config -d 'Take neither the configuration file nor WSCOPE_OPTIONS into account'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-history -d 'Keep nothing of what is typed at the prompt'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n "__fish_wscope_using_subcommand codes" -s h -l help -d 'Print help'
complete -c wscope -n "__fish_wscope_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wscope -n "__fish_wscope_using_subcommand man" -s h -l help -d 'Print help'
