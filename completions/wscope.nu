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

  def "nu-complete wscope timestamps" [] {
    [ "utc" "local" "relative" "delta" ]
  }

  def "nu-complete wscope color" [] {
    [ "auto" "always" "never" ]
  }

  # See, talk to, pipe through and check WebSocket endpoints
  export extern wscope [
    --connect(-c): string     # The URL
    --listen(-l): string      # As 'wscope listen PORT'
    --host: string            # The Host header
    --show-ping-pong(-P)      # As -v, which shows more than pings and pongs
    --max-redirects: string   # As --max-redirs, whose number may be missing
    --header(-H): string      # Add, replace or remove a request header [repeatable]
    --subprotocol(-s): string # Offer a subprotocol [repeatable, or a list with commas]
    --origin(-o): string      # Send an Origin header
    --user-agent(-A): string  # Send this User-Agent header
    --compress: string        # Offer permessage-deflate with these parameters [default: client_max_window_bits]
    --no-compress             # Offer no compression
    --strict                  # Make it an error if the server chooses no subprotocol of those offered, or does not accept --compress, or, with --expect, if other messages come between
    --user(-u): string        # Log in with user name and password (Basic)
    --bearer: string          # Log in with a token (Authorization: Bearer)
    --cookie: string          # Send cookies: 'a=b; c=d' [repeatable]
    --netrc                   # Take user name and password from ~/.netrc, or the file that NETRC names
    --netrc-file: path        # Take user name and password from this file, written like ~/.netrc
    --connect-timeout: string # Limit on everything up to the end of the opening handshake
    --proxy: string           # Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]
    --no-proxy: string        # Use no proxy for these hosts [default: the environment variable NO_PROXY]
    --proxy-header: string    # Add, replace or remove a header of the request to an HTTP proxy [repeatable]
    --proxy-insecure          # Accept any certificate of an https:// proxy
    --connect-to: string      # Connect to this host and port instead; the URL stays what it is for TLS and HTTP
    --resolve: string         # Use these addresses for a host and port, without DNS; the host may be * [repeatable]
    --unix-socket: path       # Connect to this Unix socket, whatever host the URL names
    --interface: string       # Connect from this address or network interface of ours
    -4                        # Use IPv4 only
    -6                        # Use IPv6 only
    --insecure(-k)            # Accept any certificate
    --no-check(-n)            # As wscat spells --insecure
    --cacert: path            # Trust the certificates in this file, or in the files of this folder, too [repeatable]
    --no-system-ca            # Trust only the certificates of --cacert, not the system's
    --cert: path              # Present this certificate to a server that asks for one
    --key: path               # The key of --cert, if it is in a file of its own
    --pass: string            # The passphrase of the key, or of the PKCS#12 file
    --servername: string      # Ask the server for this name (SNI), and check its certificate for it, instead of the URL's
    --tls-min: string@"nu-complete wscope tls_min" # The oldest version of TLS to accept
    --tls-max: string@"nu-complete wscope tls_max" # The newest version of TLS to offer
    --location(-L)            # Follow redirects (301, 302, 303, 307, 308)
    --max-redirs: string      # Follow at most this many redirects
    --retry: string           # Try again if the first connection fails, up to N times
    --reconnect: string       # Connect again when the connection is lost, up to N times in a row
    --reconnect-on-close      # Connect again also when the server closed with 1000, 3000 to 4999 or no code
    --reconnect-delay: string # The first wait before another attempt
    --ping-interval: string   # Send a ping so often, to keep the connection busy and to see that the server answers
    --ping-timeout: string    # End the connection (status 7) if a ping of --ping-interval is not answered in time
    --idle-timeout: string    # End the connection (status 7) if nothing at all comes for so long
    --send(-x): string        # Send this text once open, before standard input [repeatable]
    --send-hex: string        # Send these bytes as a binary message [repeatable]
    --send-file: path         # Send a file as one message [repeatable]
    --send-frame: string      # Send this very frame, allowed or not [repeatable]
    --input: string@"nu-complete wscope input" # How standard input becomes messages: a line each, up to each NUL, all as one, as it comes, or JSON actions [default: lines; chunks with --binary]
    -0                        # Short for --input nul
    --slash                   # Take lines of standard input that start with / for commands, as a prompt always does
    --binary(-b)              # Send binary messages
    --text(-t)                # Send text messages [the default]
    --echo                    # Send every received message back, with the same type
    --output: string@"nu-complete wscope output" # How received messages are written [default: lines; raw with --binary; decorated on a terminal]
    --json                    # Short for --output json: every event as a line of JSON
    --lenient                 # Go on after violations of the protocol where that is possible; each is told as a warning
    --max-message-size: string # Close 1009 on a larger message; 64K, 10M and 1G are understood
    --wait(-w): string        # After the end of input go on until nothing has come for so long; 0 closes at once, -1 or 'forever' goes on until the server closes [default: 1s]
    --count: string           # Close after this many received messages
    -1                        # Short for --count 1
    --expect: string          # Close once such a message is received; exit status 1 otherwise [repeatable, in order]
    --max-time(-m): string    # Limit on the whole run [default with --expect: 30s]
    --close-timeout: string   # How long the server may take to answer our Close frame
    --close-code: string      # Code of our Close frame
    --close-reason: string    # Reason in our Close frame
    --verbose(-v)             # Show both heads and control frames; -vv every frame; -vvv every byte
    --quiet(-q)               # Show errors only
    --timestamps: string@"nu-complete wscope timestamps" # Show when things happened
    --color: string@"nu-complete wscope color" # Colours
    --no-color                # Short for --color never
    --pretty                  # Indent long JSON messages [the default on a terminal]
    --no-pretty               # Show JSON messages as they came
    --show-secrets            # Show credentials, cookies and tokens, which are masked otherwise
    --no-config               # Take neither the configuration file nor WSCOPE_OPTIONS into account
    --no-history              # Keep nothing of what is typed at the prompt
    --help(-h)                # Print help (see more with '--help')
    --version(-V)             # Print version
    url: string               # Where to connect: ws://, wss://, host:port/path, :port/path, port or @name
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
    --header(-H): string      # Add, replace or remove a header of the response that accepts [repeatable]
    --subprotocol(-s): string # A subprotocol that is spoken [repeatable, or a list with commas]
    --allow-origin: string    # Accept only requests with this Origin; others get 403. '*' accepts all [repeatable]
    --user(-u): string        # Ask for this user name and password; others get 401. @FILE reads them from a file
    --path: string            # Serve this path only; others get 404
    --no-compress             # Agree to no compression
    --max-clients: string     # Serve at most this many clients at a time; others get 503
    --handshake-timeout: string # How long a client may take for TLS and its request; 0 for no limit
    --tls-cert: path          # Listen for wss://, with this certificate: PEM, DER or PKCS#12, with those above it
    --tls-key: path           # Its key, if it is in a file of its own: PKCS#8, PKCS#1 or SEC 1, encrypted or not
    --tls-pass: string        # Passphrase of the key, or @FILE with it; asked for on the terminal if it is missing
    --send(-x): string        # Send this text to every client once it is open [repeatable]
    --echo                    # Send every received message back, with the same type
    --broadcast: string@"nu-complete wscope listen broadcast" # Send every received message to all other clients; with =all also back to the sender
    --output: string@"nu-complete wscope listen output" # How received messages are written [default: lines; decorated on a terminal]
    --json                    # Short for --output json: every event as a line of JSON
    --lenient                 # Go on after violations of the protocol where that is possible; each is told as a warning
    --max-message-size: string # Close 1009 on a larger message; 64K, 10M and 1G are understood
    --max-memory: string      # Memory for messages of all clients together; over it the client that holds the most is closed
    --once                    # Serve one client, then exit with its outcome; others get 503
    --count: string           # End after this many received messages, from all clients together
    -1                        # Short for --count 1
    --close-timeout: string   # How long a client may take to answer our Close frame
    --verbose(-v)             # Show both heads and control frames; -vv every frame; -vvv every byte
    --quiet(-q)               # Show errors only
    --timestamps: string@"nu-complete wscope listen timestamps" # Show when things happened
    --color: string@"nu-complete wscope listen color" # Colours
    --no-color                # Short for --color never
    --pretty                  # Indent long JSON messages [the default on a terminal]
    --no-pretty               # Show JSON messages as they came
    --show-secrets            # Show credentials, cookies and tokens, which are masked otherwise
    --no-config               # Take neither the configuration file nor WSCOPE_OPTIONS into account
    --no-history              # Keep nothing of what is typed at the prompt
    --help(-h)                # Print help (see more with '--help')
    address?: string          # Where to listen; a port alone means this machine only, :0 takes any free port and prints it
  ]

  # Tell what close codes mean
  export extern "wscope codes" [
    --help(-h)                # Print help
    code?: string             # The close code to explain; all of them in short without it
  ]

  def "nu-complete wscope completions shell" [] {
    [ "bash" "zsh" "fish" "powershell" "elvish" "nushell" ]
  }

  # Print a completion script for a shell
  export extern "wscope completions" [
    --help(-h)                # Print help (see more with '--help')
    shell: string@"nu-complete wscope completions shell" # For which shell
  ]

  # Print the manual page in roff
  export extern "wscope man" [
    --help(-h)                # Print help
  ]

}

export use completions *
