module completions {

  def "nu-complete wscope tls_min" [] {
    [ "1.0" "1.1" "1.2" "1.3" ]
  }

  def "nu-complete wscope tls_max" [] {
    [ "1.0" "1.1" "1.2" "1.3" ]
  }

  def "nu-complete wscope input" [] {
    [ "lines" "nul" "whole" "chunks" "json" ]
  }

  def "nu-complete wscope output" [] {
    [ "lines" "nul" "raw" "hex" "base64" "json" ]
  }

  def "nu-complete wscope close_code" [] {
    [ "1000" "1001" "1002" "1003" "1007" "1008" "1009" "1010" "1011" "1012" "1013" "1014" "3000" "3003" "3008" ]
  }

  def "nu-complete wscope timestamps" [] {
    [ "utc" "local" "relative" "delta" ]
  }

  def "nu-complete wscope color" [] {
    [ "auto" "always" "never" ]
  }

  # Inspect, talk to, script and test WebSocket endpoints
  export extern wscope [
    --header(-H): string      # Add, replace or remove a request header [repeatable]
    --subprotocol(-s): string # Offer a subprotocol [repeatable, or a comma-separated list]
    --origin(-o): string      # Send an Origin header
    --user-agent(-A): string  # Send this User-Agent header
    --compress: string        # Offer permessage-deflate with these parameters [default: client_max_window_bits]
    --no-compress             # Do not offer compression
    --from-curl: path         # Take URL and options from a curl command that a browser or Burp copied; -: from standard input
    --strict                  # Fail if the server selects none of the subprotocols offered or does not accept --compress, and, with --expect, if other messages are received in between
    --user(-u): string        # Authenticate with user name and password (Basic)
    --bearer: string          # Authenticate with a token (Authorization: Bearer)
    --cookie: string          # Send cookies: 'a=b; c=d' [repeatable]
    --netrc                   # Read user name and password from ~/.netrc, or the file that NETRC names
    --netrc-file: path        # Read user name and password from this file instead of ~/.netrc
    --connect-timeout: string # Time limit for connecting, up to the end of the opening handshake
    --proxy: string           # Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]
    --no-proxy: string        # Do not use a proxy for these hosts [default: the environment variable NO_PROXY]
    --proxy-header: string    # Add, replace or remove a header of the request to an HTTP proxy [repeatable]
    --proxy-insecure          # Accept any certificate of an https:// proxy
    --connect-to: string      # Connect to this host and port instead; TLS and HTTP still use those of the URL
    --resolve: string         # Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]
    --unix-socket: path       # Connect to this Unix socket instead of the host in the URL
    --interface: string       # Connect from this local address or network interface
    --ipv4(-4)                # Use IPv4 only
    --ipv6(-6)                # Use IPv6 only
    --insecure(-k)            # Accept any certificate
    --cacert: path            # Also trust the certificates in this file, or in the files of this directory [repeatable]
    --no-system-ca            # Trust only the certificates of --cacert, not the system's
    --cert: path              # Client certificate, for a server that requests one
    --key: path               # Private key of --cert, if it is in another file
    --pass: string            # Passphrase of the key or of the PKCS#12 file
    --servername: string      # Send this server name (SNI), and check the certificate for it, instead of the URL's host
    --tls-min: string@"nu-complete wscope tls_min" # Minimum version of TLS
    --tls-max: string@"nu-complete wscope tls_max" # Maximum version of TLS
    --location(-L)            # Follow redirects (301, 302, 303, 307, 308)
    --max-redirs: string      # Follow at most N redirects
    --retry: string           # Retry if the first connection fails, up to N times
    --reconnect: string       # Reconnect when the connection is lost, up to N times in a row
    --reconnect-on-close      # Reconnect also after 1000, 3000 to 4999 or no code
    --reconnect-delay: string # Delay before the first further attempt
    --ping-interval: string   # Send a ping every TIME, to keep the connection alive and to see that the server answers
    --ping-timeout: string    # End the connection (exit status 7) if a ping of --ping-interval is not answered within TIME
    --idle-timeout: string    # End the connection (exit status 7) if nothing is received for TIME
    --send(-x): string        # Send TEXT once the connection is open, before standard input [repeatable]
    --send-hex: string        # Send bytes, given in hexadecimal, as a binary message [repeatable]
    --send-file: path         # Send a file as one message [repeatable]
    --send-frame: string      # Send a single frame, valid or not [repeatable]
    --input: string@"nu-complete wscope input" # How to split standard input into messages [default: lines; chunks with --binary]
    -0                        # Same as --input nul
    --slash                   # Treat lines of standard input that start with / as commands, as at the prompt
    --binary(-b)              # Send binary messages
    --text(-t)                # Send text messages [the default]
    --echo                    # Send every received message back, with the same type
    --output: string@"nu-complete wscope output" # How to write received messages [default: lines; raw with --binary; decorated on a terminal]
    --json                    # Same as --output json: every event as a line of JSON
    --lenient                 # Continue after protocol violations, with warnings
    --max-message-size: string # Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)
    --wait(-w): string        # After the end of input, close once nothing has been received for TIME; 0: at once, -1 or 'forever': wait until the server closes [default: 1s]
    --count: string           # Close after N received messages
    -1                        # Same as --count 1
    --duration: string        # Receive for TIME, then close with 1000; exit status 0
    --expect: string          # Close once a message matches PATTERN; exit status 1 if none does [repeatable, in order]
    --max-time(-m): string    # Time limit for the run [default with --expect: 30s]
    --stay                    # Stay at the prompt when the connection has ended
    --close-timeout: string   # Time limit for the server's answer to our Close frame
    --close-code: string@"nu-complete wscope close_code" # Status code of our Close frame
    --close-reason: string    # Reason of our Close frame
    --record: path            # Record everything: .ndjson, .har or .wscope [repeatable]
    --force                   # Replace files of --record that exist
    --append                  # Continue files of --record that exist: .ndjson only
    --ui: string              # Show everything as a page in the browser, on a free port
    --open                    # With --ui: open the page in the browser
    --ui-history: string      # With --ui: keep at most SIZE of events (64M, 4G); beyond it the oldest are dropped
    --verbose(-v)             # Show request, response and control frames; -vv: every frame; -vvv: every byte
    --quiet(-q)               # Show errors only
    --timestamps: string@"nu-complete wscope timestamps" # Show the time of every line
    --color: string@"nu-complete wscope color" # When to use colors
    --no-color                # Same as --color never
    --pretty                  # Indent long JSON messages, also in a pipe [the default on a terminal]
    --no-pretty               # Show JSON messages as received
    --show-secrets            # Show credentials, cookies and tokens instead of masking them
    --filter: string          # Show only what matches PATTERN [repeatable]
    --mute: string            # Do not show what matches PATTERN, as --filter has it [repeatable]
    --no-config               # Ignore the configuration file and WSCOPE_OPTIONS
    --no-history              # Do not save the history of the prompt
    --help(-h)                # Print help (see more with '--help')
    --version(-V)             # Print version
    url?: string              # The server: ws://, wss://, host:port/path, :port/path, port or @name
  ]

  def "nu-complete wscope listen broadcast" [] {
    [ "others" "all" ]
  }

  def "nu-complete wscope listen output" [] {
    [ "lines" "nul" "raw" "hex" "base64" "json" ]
  }

  def "nu-complete wscope listen timestamps" [] {
    [ "utc" "local" "relative" "delta" ]
  }

  def "nu-complete wscope listen color" [] {
    [ "auto" "always" "never" ]
  }

  # Accept WebSocket clients
  export extern "wscope listen" [
    --header(-H): string      # Add, replace or remove a header of the 101 response [repeatable]
    --subprotocol(-s): string # A subprotocol to accept [repeatable, or a comma-separated list]
    --allow-origin: string    # Accept only requests with this Origin; others get 403. '*' accepts all [repeatable]
    --user(-u): string        # Require this user name and password; others get 401. @FILE reads them from a file
    --path: string            # Serve this path only; others get 404
    --no-compress             # Do not accept compression
    --max-clients: string     # Serve at most this many clients at a time; others get 503
    --handshake-timeout: string # Time limit for a client's TLS handshake and request; 0 means no limit
    --tls-cert: path          # Accept wss://, with this certificate and its chain: PEM, DER or PKCS#12
    --tls-key: path           # Private key, if it is in another file: PKCS#8, PKCS#1 or SEC 1, encrypted or not
    --tls-pass: string        # Passphrase of the key, or @FILE to read it from; if it is missing, it is prompted for on the terminal
    --send(-x): string        # Send TEXT to every client once it is connected [repeatable]
    --echo                    # Send every received message back, with the same type
    --broadcast: string@"nu-complete wscope listen broadcast" # Send every received message to all other clients; with =all also back to the sender
    --replay: path            # Answer every client as the server of this recording did: a mock server
    --entry: string           # With --replay: play this connection of the recording: its number, or a part of its URL
    --strict                  # With --replay: close with 1008 if a client says something else than was recorded
    --ignore: string          # With --replay: do not compare what this JSONPath selects, such as '$.ts' [repeatable]
    --max-size: string        # With --replay: the largest file that is read as a whole, and the most memory for messages
    --output: string@"nu-complete wscope listen output" # How to write received messages [default: lines; decorated on a terminal]
    --json                    # Same as --output json: write every event as a line of JSON
    --lenient                 # Continue after protocol violations where possible, with a warning for each
    --max-message-size: string # Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)
    --max-memory: string      # Memory limit for the messages of all clients; beyond it the client that holds most is closed
    --once                    # Serve one client, then exit with its status; others get 503
    --count: string           # End after N messages have been received from all clients together
    -1                        # Same as --count 1
    --duration: string        # Serve for TIME, then close all connections with 1000; exit status 0
    --close-timeout: string   # Time limit for a client's answer to our Close frame
    --record: path            # Record everything: .ndjson, .har or .wscope [repeatable]
    --force                   # Replace files of --record that exist
    --append                  # Continue files of --record that exist: .ndjson only
    --ui: string              # Show everything as a page in the browser, on a free port
    --open                    # With --ui: open the page in the browser
    --ui-history: string      # With --ui: keep at most SIZE of events (64M, 4G); beyond it the oldest are dropped
    --verbose(-v)             # Show request, response and control frames; -vv: every frame; -vvv: every byte
    --quiet(-q)               # Show errors only
    --timestamps: string@"nu-complete wscope listen timestamps" # Show the time of every line
    --color: string@"nu-complete wscope listen color" # When to use colors
    --no-color                # Same as --color never
    --pretty                  # Indent long JSON messages, also in a pipe [the default on a terminal]
    --no-pretty               # Show JSON messages as received
    --show-secrets            # Show credentials, cookies and tokens instead of masking them
    --mute: string            # Do not show what matches PATTERN, as --filter has it [repeatable]
    --no-config               # Ignore the configuration file and WSCOPE_OPTIONS
    --no-history              # Do not save the history of the prompt
    --filter: string          # Show only what matches PATTERN [repeatable]
    --help(-h)                # Print help (see more with '--help')
    address?: string          # Address to listen on: HOST:PORT, HOST, :PORT or PORT; without a host it is this machine only, :0 is any free port
  ]

  def "nu-complete wscope proxy tls_min" [] {
    [ "1.0" "1.1" "1.2" "1.3" ]
  }

  def "nu-complete wscope proxy tls_max" [] {
    [ "1.0" "1.1" "1.2" "1.3" ]
  }

  def "nu-complete wscope proxy output" [] {
    [ "lines" "nul" "raw" "hex" "base64" "json" ]
  }

  def "nu-complete wscope proxy timestamps" [] {
    [ "utc" "local" "relative" "delta" ]
  }

  def "nu-complete wscope proxy color" [] {
    [ "auto" "always" "never" ]
  }

  # Show, record and change what clients and a server send
  export extern "wscope proxy" [
    --max-clients: string     # Serve at most this many connections at a time; others get 503
    --handshake-timeout: string # Time limit for a client's TLS handshake and request; 0 means no limit
    --no-http                 # Answer HTTP requests other than opening handshakes with 426 instead of relaying them to the server
    --tls-cert: path          # Accept wss://, with this certificate and its chain: PEM, DER or PKCS#12
    --tls-key: path           # Private key, if it is in another file: PKCS#8, PKCS#1 or SEC 1, encrypted or not
    --tls-pass: string        # Passphrase of the key, or @FILE to read it from; if it is missing, it is prompted for on the terminal
    --header(-H): string      # Add, replace or remove a header of the client's request [repeatable]
    --origin(-o): string      # Send this Origin header in place of the client's
    --user-agent(-A): string  # Send this User-Agent header in place of the client's
    --keep-host               # Pass on the Host header as the client sends it
    --keep-origin             # Pass on the Origin header as the client sends it
    --connect-timeout: string # Time limit for connecting to the server, up to its response; then the client gets 504
    --user(-u): string        # Authenticate with user name and password (Basic)
    --bearer: string          # Authenticate with a token (Authorization: Bearer)
    --cookie: string          # Send cookies: 'a=b; c=d' [repeatable]
    --netrc                   # Read user name and password from ~/.netrc, or the file that NETRC names
    --netrc-file: path        # Read user name and password from this file instead of ~/.netrc
    --proxy: string           # Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]
    --no-proxy: string        # Do not use a proxy for these hosts [default: the environment variable NO_PROXY]
    --proxy-header: string    # Add, replace or remove a header of the request to an HTTP proxy [repeatable]
    --proxy-insecure          # Accept any certificate of an https:// proxy
    --resolve: string         # Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]
    --unix-socket: path       # Connect to this Unix socket instead of the host in the URL
    --interface: string       # Connect from this local address or network interface
    --ipv4(-4)                # Use IPv4 only
    --ipv6(-6)                # Use IPv6 only
    --insecure(-k)            # Accept any certificate
    --cacert: path            # Also trust the certificates in this file, or in the files of this directory [repeatable]
    --no-system-ca            # Trust only the certificates of --cacert, not the system's
    --cert: path              # Client certificate, for a server that requests one
    --key: path               # Private key of --cert, if it is in another file
    --pass: string            # Passphrase of the key or of the PKCS#12 file
    --servername: string      # Send this server name (SNI), and check the certificate for it, instead of the URL's host
    --tls-min: string@"nu-complete wscope proxy tls_min" # Minimum version of TLS
    --tls-max: string@"nu-complete wscope proxy tls_max" # Maximum version of TLS
    --rule: string            # Change messages: 'SIDE [PATTERN] [WHEN] => ACTION' [repeatable; the first that matches counts]
    --seed: string            # Seed for all that is random (N%, ±TIME, corrupt): runs with the same N make the same choices
    --throttle: string        # Pass on at most SIZE bytes a second in each direction of a connection (16K, 1M)
    --latency: string         # Delay everything by TIME in each direction, such as 200ms or 200ms±50ms
    --refuse: string          # Refuse opening handshakes with this status, such as 503; with 503,20% one in five at random
    --enforce                 # Withhold frames that violate the protocol, and close both sides with 1002 or 1007
    --output: string@"nu-complete wscope proxy output" # How to write messages [default: lines; decorated on a terminal]
    --json                    # Same as --output json: every event as a line of JSON
    --max-message-size: string # Do not show messages over SIZE, and do not apply rules to them (64K, 10M, 1G)
    --max-memory: string      # Memory limit for what is kept of all connections for display and rules
    --record: path            # Record everything: .ndjson, .har or .wscope [repeatable]
    --force                   # Replace files of --record that exist
    --append                  # Continue files of --record that exist: .ndjson only
    --ui: string              # Show everything as a page in the browser, on a free port
    --open                    # With --ui: open the page in the browser
    --ui-history: string      # With --ui: keep at most SIZE of events (64M, 4G); beyond it the oldest are dropped
    --once                    # Serve one connection, then exit with its status; others get 503
    --connections: string     # End after N connections have ended
    --duration: string        # Serve for TIME, then close all connections; exit status 0
    --close-timeout: string   # Time limit for the answers to a Close frame of the proxy's own
    --verbose(-v)             # Show request, response and control frames; -vv: every frame; -vvv: every byte
    --quiet(-q)               # Show errors only
    --timestamps: string@"nu-complete wscope proxy timestamps" # Show the time of every line
    --color: string@"nu-complete wscope proxy color" # When to use colors
    --no-color                # Same as --color never
    --pretty                  # Indent long JSON messages, also in a pipe [the default on a terminal]
    --no-pretty               # Show JSON messages as received
    --show-secrets            # Show credentials, cookies and tokens instead of masking them
    --mute: string            # Do not show what matches PATTERN, as --filter has it [repeatable]
    --no-config               # Ignore the configuration file and WSCOPE_OPTIONS
    --no-history              # Do not save the history of the prompt
    --connect-to: string      # Connect to this host and port instead; TLS and HTTP still use those of the URL
    --filter: string          # Show only what matches PATTERN [repeatable]
    --help(-h)                # Print help (see more with '--help')
    address: string           # Address to listen on: HOST:PORT, HOST, :PORT or PORT; without a host it is this machine only, :0 is any free port
    url: string               # The server to connect to: ws://, wss://, host:port/path, :port/path, port or @name
  ]

  def "nu-complete wscope check tls_min" [] {
    [ "1.0" "1.1" "1.2" "1.3" ]
  }

  def "nu-complete wscope check tls_max" [] {
    [ "1.0" "1.1" "1.2" "1.3" ]
  }

  def "nu-complete wscope check timestamps" [] {
    [ "utc" "local" "relative" "delta" ]
  }

  def "nu-complete wscope check color" [] {
    [ "auto" "always" "never" ]
  }

  # Run scenario files and report what holds
  export extern "wscope check" [
    --variable: string        # Give {{NAME}} this value [repeatable]
    --variables-file: path    # Read variables from a file with a NAME=VALUE on each line [repeatable]
    --secret: string          # Give {{NAME}} this value, and show it as *** in all output and reports [repeatable]
    --glob: string            # Add the files that match a pattern, such as 'tests/**/*.wscope' [repeatable]
    --jobs(-j): string        # Run this many files at the same time [default: the number of processors, 1 with --verbose]
    --repeat: string          # Run all files N times
    --fail-fast               # Stop at the first part that fails
    --only: string            # Run only the parts whose title matches
    --list                    # List files and parts with their lines, and run nothing
    --allow-run               # Allow scenarios to run commands ($ lines)
    --relax                   # Relax patterns that fail only because values differ, and rewrite the files
    --yes                     # Write what --relax changes without asking
    --strict                  # Count warnings as failures
    --retry: string           # Retry connecting up to N times, for each connection, while the server is not reachable or answers 502 or 503
    --max-time(-m): string    # Limit for each part [default: max-time of the scenario, or 30s]
    --report-junit: path      # Write a JUnit XML report; - is standard output
    --report-tap: path        # Write a TAP version 14 report; - is standard output
    --report-json: path       # Write a JSON report; - is standard output
    --report-html: path       # Write an HTML report, a page for people; - is standard output
    --header(-H): string      # Add, replace or remove a request header [repeatable]
    --subprotocol(-s): string # Offer a subprotocol [repeatable, or a comma-separated list]
    --origin(-o): string      # Send an Origin header
    --user-agent(-A): string  # Send this User-Agent header
    --compress: string        # Offer permessage-deflate with these parameters [default: client_max_window_bits]
    --no-compress             # Do not offer compression
    --user(-u): string        # Authenticate with user name and password (Basic)
    --bearer: string          # Authenticate with a token (Authorization: Bearer)
    --cookie: string          # Send cookies: 'a=b; c=d' [repeatable]
    --netrc                   # Read user name and password from ~/.netrc, or the file that NETRC names
    --netrc-file: path        # Read user name and password from this file instead of ~/.netrc
    --connect-timeout: string # Time limit for connecting, up to the end of the opening handshake
    --proxy: string           # Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]
    --no-proxy: string        # Do not use a proxy for these hosts [default: the environment variable NO_PROXY]
    --proxy-header: string    # Add, replace or remove a header of the request to an HTTP proxy [repeatable]
    --proxy-insecure          # Accept any certificate of an https:// proxy
    --connect-to: string      # Connect to this host and port instead; TLS and HTTP still use those of the URL
    --resolve: string         # Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]
    --unix-socket: path       # Connect to this Unix socket instead of the host in the URL
    --interface: string       # Connect from this local address or network interface
    --ipv4(-4)                # Use IPv4 only
    --ipv6(-6)                # Use IPv6 only
    --insecure(-k)            # Accept any certificate
    --cacert: path            # Also trust the certificates in this file, or in the files of this directory [repeatable]
    --no-system-ca            # Trust only the certificates of --cacert, not the system's
    --cert: path              # Client certificate, for a server that requests one
    --key: path               # Private key of --cert, if it is in another file
    --pass: string            # Passphrase of the key or of the PKCS#12 file
    --servername: string      # Send this server name (SNI), and check the certificate for it, instead of the URL's host
    --tls-min: string@"nu-complete wscope check tls_min" # Minimum version of TLS
    --tls-max: string@"nu-complete wscope check tls_max" # Maximum version of TLS
    --location(-L)            # Follow redirects (301, 302, 303, 307, 308)
    --ping-interval: string   # Send a ping every TIME, to keep the connection alive and to see that the server answers
    --max-message-size: string # Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)
    --close-timeout: string   # Time limit for the server's answer to our Close frame
    --max-redirs: string      # Follow at most N redirects
    --ping-timeout: string    # End the connection if a ping of --ping-interval is not answered within TIME
    --idle-timeout: string    # End the connection if nothing is received for TIME
    --lenient                 # Continue after protocol violations where possible
    --record: path            # Record everything: .ndjson, .har or .wscope [repeatable]
    --force                   # Replace files of --record that exist
    --append                  # Continue files of --record that exist: .ndjson only
    --verbose(-v)             # Show request, response and control frames; -vv: every frame; -vvv: every byte
    --quiet(-q)               # Show errors only
    --timestamps: string@"nu-complete wscope check timestamps" # Show the time of every line
    --color: string@"nu-complete wscope check color" # When to use colors
    --no-color                # Same as --color never
    --pretty                  # Indent long JSON messages, also in a pipe [the default on a terminal]
    --no-pretty               # Show JSON messages as received
    --show-secrets            # Show credentials, cookies and tokens instead of masking them
    --no-config               # Ignore the configuration file and WSCOPE_OPTIONS
    --no-history              # Do not save the history of the prompt
    --help(-h)                # Print help (see more with '--help')
    ...files: path            # Scenario files (.wscope, .http, .rest) and recordings (.ndjson, .har), or folders with *.wscope files; - is standard input [default: .]
  ]

  def "nu-complete wscope view output" [] {
    [ "lines" "nul" "raw" "hex" "base64" "json" ]
  }

  def "nu-complete wscope view timestamps" [] {
    [ "utc" "local" "relative" "delta" ]
  }

  def "nu-complete wscope view color" [] {
    [ "auto" "always" "never" ]
  }

  # Show a recording
  export extern "wscope view" [
    --entry: string           # Only this connection: its number, or a part of its URL
    --max-size: string        # The largest file that is read as a whole, and the longest line of events (64K, 10M, 1G)
    --output: string@"nu-complete wscope view output" # How received messages are written [default: decorated on a terminal, else lines]
    --json                    # Write every event as a line of JSON (same as --output json)
    --stats                   # Show a table of numbers, sizes, rates, gaps and response times instead; with --json one object
    --record: path            # Record everything: .ndjson, .har or .wscope [repeatable]
    --force                   # Replace files of --record that exist
    --append                  # Continue files of --record that exist: .ndjson only
    --ui: string              # Show everything as a page in the browser, on a free port
    --open                    # With --ui: open the page in the browser
    --ui-history: string      # With --ui: keep at most SIZE of events (64M, 4G); beyond it the oldest are dropped
    --verbose(-v)             # Show request, response and control frames; -vv: every frame; -vvv: every byte
    --quiet(-q)               # Show errors only
    --timestamps: string@"nu-complete wscope view timestamps" # Show the time of every line
    --color: string@"nu-complete wscope view color" # When to use colors
    --no-color                # Same as --color never
    --pretty                  # Indent long JSON messages, also in a pipe [the default on a terminal]
    --no-pretty               # Show JSON messages as received
    --show-secrets            # Show credentials, cookies and tokens instead of masking them
    --filter: string          # Show only what matches PATTERN [repeatable]
    --mute: string            # Do not show what matches PATTERN, as --filter has it [repeatable]
    --help(-h)                # Print help (see more with '--help')
    file: path                # The recording: events (.ndjson) or a HAR of a browser; - reads standard input
  ]

  def "nu-complete wscope replay pace" [] {
    [ "answers" "original" "fast" ]
  }

  def "nu-complete wscope replay tls_min" [] {
    [ "1.0" "1.1" "1.2" "1.3" ]
  }

  def "nu-complete wscope replay tls_max" [] {
    [ "1.0" "1.1" "1.2" "1.3" ]
  }

  def "nu-complete wscope replay output" [] {
    [ "lines" "nul" "raw" "hex" "base64" "json" ]
  }

  def "nu-complete wscope replay timestamps" [] {
    [ "utc" "local" "relative" "delta" ]
  }

  def "nu-complete wscope replay color" [] {
    [ "auto" "always" "never" ]
  }

  # Send again what a recorded client sent
  export extern "wscope replay" [
    --pace: string@"nu-complete wscope replay pace" # When messages are sent [default: answers; original with --speed]
    --speed: string           # With --pace original: divide the recorded gaps by this factor, such as 2 or 0.5
    --timeout: string         # How long to wait for answers; 0: no limit
    --check                   # Compare what is received with the recording; exit status 1 if it differs
    --ignore: string          # Do not compare what this JSONPath selects, such as '$.ts' or '$..id' [repeatable]
    --ignore-order            # Accept received messages in any order
    --entry: string           # Only this connection: its number, or a part of its URL
    --max-size: string        # The largest file that is read as a whole, and the longest line of events (64K, 10M, 1G)
    --compress: string        # Offer permessage-deflate with these parameters [default: client_max_window_bits]
    --no-compress             # Do not offer compression
    --strict                  # Fail if the server selects none of the subprotocols offered or does not accept --compress
    --header(-H): string      # Add, replace or remove a header of the recorded request [repeatable]
    --subprotocol(-s): string # Offer a subprotocol in place of the recorded ones [repeatable, or a comma-separated list]
    --origin(-o): string      # Send this Origin header in place of the recorded one
    --user-agent(-A): string  # Send this User-Agent header in place of the recorded one
    --user(-u): string        # Authenticate with user name and password (Basic)
    --bearer: string          # Authenticate with a token (Authorization: Bearer)
    --cookie: string          # Send cookies: 'a=b; c=d' [repeatable]
    --netrc                   # Read user name and password from ~/.netrc, or the file that NETRC names
    --netrc-file: path        # Read user name and password from this file instead of ~/.netrc
    --connect-timeout: string # Time limit for connecting, up to the end of the opening handshake
    --proxy: string           # Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]
    --no-proxy: string        # Do not use a proxy for these hosts [default: the environment variable NO_PROXY]
    --proxy-header: string    # Add, replace or remove a header of the request to an HTTP proxy [repeatable]
    --proxy-insecure          # Accept any certificate of an https:// proxy
    --connect-to: string      # Connect to this host and port instead; TLS and HTTP still use those of the URL
    --resolve: string         # Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]
    --unix-socket: path       # Connect to this Unix socket instead of the host in the URL
    --interface: string       # Connect from this local address or network interface
    --ipv4(-4)                # Use IPv4 only
    --ipv6(-6)                # Use IPv6 only
    --insecure(-k)            # Accept any certificate
    --cacert: path            # Also trust the certificates in this file, or in the files of this directory [repeatable]
    --no-system-ca            # Trust only the certificates of --cacert, not the system's
    --cert: path              # Client certificate, for a server that requests one
    --key: path               # Private key of --cert, if it is in another file
    --pass: string            # Passphrase of the key or of the PKCS#12 file
    --servername: string      # Send this server name (SNI), and check the certificate for it, instead of the URL's host
    --tls-min: string@"nu-complete wscope replay tls_min" # Minimum version of TLS
    --tls-max: string@"nu-complete wscope replay tls_max" # Maximum version of TLS
    --location(-L)            # Follow redirects (301, 302, 303, 307, 308)
    --max-redirs: string      # Follow at most N redirects
    --retry: string           # Retry if connecting fails, up to N times
    --ping-interval: string   # Send a ping every TIME, to keep the connection alive and to see that the server answers
    --ping-timeout: string    # End the connection (exit status 7) if a ping of --ping-interval is not answered within TIME
    --idle-timeout: string    # End the connection (exit status 7) if nothing is received for TIME
    --max-time(-m): string    # Time limit for the whole run
    --close-timeout: string   # Time limit for the server's answer to our Close frame
    --output: string@"nu-complete wscope replay output" # How to write received messages [default: lines; raw with --binary; decorated on a terminal]
    --json                    # Same as --output json: every event as a line of JSON
    --lenient                 # Continue after protocol violations, with warnings
    --max-message-size: string # Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)
    --record: path            # Record everything: .ndjson, .har or .wscope [repeatable]
    --force                   # Replace files of --record that exist
    --append                  # Continue files of --record that exist: .ndjson only
    --verbose(-v)             # Show request, response and control frames; -vv: every frame; -vvv: every byte
    --quiet(-q)               # Show errors only
    --timestamps: string@"nu-complete wscope replay timestamps" # Show the time of every line
    --color: string@"nu-complete wscope replay color" # When to use colors
    --no-color                # Same as --color never
    --pretty                  # Indent long JSON messages, also in a pipe [the default on a terminal]
    --no-pretty               # Show JSON messages as received
    --show-secrets            # Show credentials, cookies and tokens instead of masking them
    --filter: string          # Show only what matches PATTERN [repeatable]
    --mute: string            # Do not show what matches PATTERN, as --filter has it [repeatable]
    --no-config               # Ignore the configuration file and WSCOPE_OPTIONS
    --no-history              # Do not save the history of the prompt
    --help(-h)                # Print help (see more with '--help')
    file: path                # The recording: events (.ndjson) or a HAR of a browser; - reads standard input
    target?: string           # Where to connect [default: the URL of the recording]
  ]

  def "nu-complete wscope diff color" [] {
    [ "auto" "always" "never" ]
  }

  # Compare two recordings
  export extern "wscope diff" [
    --ignore: string          # Do not compare what this JSONPath selects, such as '$.ts' or '$..id' [repeatable]
    --ignore-order            # Accept the messages of each side in any order
    --handshake               # Compare the opening handshakes too: URL, header fields and their order
    --timing                  # Compare times too: between messages, to the end, and to open the connection
    --control                 # Compare pings and pongs too
    --entry: string           # Only this connection: its number, or a part of its URL
    --max-size: string        # The largest file that is read as a whole, and the longest line of events (64K, 10M, 1G)
    --json                    # Write each difference as a line of JSON, and last the counts
    --quiet(-q)               # Write nothing: the exit status is the answer
    --color: string@"nu-complete wscope diff color" # When to use colors
    --no-color                # Same as --color never
    --show-secrets            # Show and compare credentials, cookies and tokens instead of masking them
    --help(-h)                # Print help (see more with '--help')
    one: path                 # The first recording: events (.ndjson) or a HAR of a browser; - reads standard input
    other: path               # The second recording
  ]

  def "nu-complete wscope codes terms" [] {
    [ "1000" "1001" "1002" "1003" "1004" "1005" "1006" "1007" "1008" "1009" "1010" "1011" "1012" "1013" "1014" "1015" "3000" "3003" "3008" ]
  }

  # Explain close codes
  export extern "wscope codes" [
    --help(-h)                # Print help
    ...terms: string@"nu-complete wscope codes terms" # Close codes to explain, or words to look for in their names, meanings and causes; without any, all codes are listed
  ]

  def "nu-complete wscope completions shell" [] {
    [ "bash" "zsh" "fish" "powershell" "elvish" "nushell" ]
  }

  # Print a completion script for a shell
  export extern "wscope completions" [
    --help(-h)                # Print help (see more with '--help')
    shell: string@"nu-complete wscope completions shell" # The shell
  ]

  def "nu-complete wscope man command" [] {
    [ "listen" "proxy" "check" "view" "replay" "diff" "codes" "completions" "man" ]
  }

  # Print a manual page in roff
  export extern "wscope man" [
    --help(-h)                # Print help
    command?: string@"nu-complete wscope man command" # The command whose page is printed; without it, the page of 'wscope URL'
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "wscope help" [
  ]

  # Accept WebSocket clients
  export extern "wscope help listen" [
  ]

  # Show, record and change what clients and a server send
  export extern "wscope help proxy" [
  ]

  # Run scenario files and report what holds
  export extern "wscope help check" [
  ]

  # Show a recording
  export extern "wscope help view" [
  ]

  # Send again what a recorded client sent
  export extern "wscope help replay" [
  ]

  # Compare two recordings
  export extern "wscope help diff" [
  ]

  # Explain close codes
  export extern "wscope help codes" [
  ]

  # Print a completion script for a shell
  export extern "wscope help completions" [
  ]

  # Print a manual page in roff
  export extern "wscope help man" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "wscope help help" [
  ]

}

export use completions *
