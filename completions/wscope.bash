# What a command has: its options, the values of each of its arguments, and whether there may be many of the last.
_wscope_command() {
    case $1 in
        connect)
            options='-H --header -s --subprotocol -o --origin -A --user-agent --compress --from-curl -u --user --bearer --cookie --netrc-file --connect-timeout --proxy --no-proxy --proxy-header --connect-to --resolve --unix-socket --interface --cacert --cert --key --pass --servername --tls-min --tls-max --max-redirs --retry --reconnect --reconnect-delay --ping-interval --ping-timeout --idle-timeout -x --send --send-hex --send-file --send-frame --input --output --max-message-size -w --wait --count --duration --expect -m --max-time --close-timeout --close-code --close-reason --record --ui --ui-history --timestamps --color --filter --mute --no-compress --strict --netrc --proxy-insecure -4 --ipv4 -6 --ipv6 -k --insecure --no-system-ca -L --location --reconnect-on-close -0 --slash -b --binary -t --text --echo --json --lenient -1 --stay --force --append --open -v --verbose -q --quiet --no-color --pretty --no-pretty --show-secrets --no-config --no-history -h --help -V --version'
            arguments=('<url>') many=
            ;;
        listen)
            options='-H --header -s --subprotocol --allow-origin -u --user --path --max-clients --handshake-timeout --tls-cert --tls-key --tls-pass -x --send --broadcast --replay --entry --ignore --max-size --output --max-message-size --max-memory --count --duration --close-timeout --record --ui --ui-history --timestamps --color --mute --filter --no-compress --echo --strict --json --lenient --once -1 --force --append --open -v --verbose -q --quiet --no-color --pretty --no-pretty --show-secrets --no-config --no-history -h --help'
            arguments=('') many=
            ;;
        proxy)
            options='--max-clients --handshake-timeout --tls-cert --tls-key --tls-pass -H --header -o --origin -A --user-agent --connect-timeout -u --user --bearer --cookie --netrc-file --proxy --no-proxy --proxy-header --resolve --unix-socket --interface --cacert --cert --key --pass --servername --tls-min --tls-max --rule --seed --throttle --latency --refuse --output --max-message-size --max-memory --record --ui --ui-history --connections --duration --close-timeout --timestamps --color --mute --connect-to --filter --no-http --keep-host --keep-origin --netrc --proxy-insecure -4 --ipv4 -6 --ipv6 -k --insecure --no-system-ca --enforce --json --force --append --open --once -v --verbose -q --quiet --no-color --pretty --no-pretty --show-secrets --no-config --no-history -h --help'
            arguments=('' '<url>') many=
            ;;
        check)
            options='--variable --variables-file --secret --glob -j --jobs --repeat --only --retry -m --max-time --report-junit --report-tap --report-json --report-html -H --header -s --subprotocol -o --origin -A --user-agent --compress -u --user --bearer --cookie --netrc-file --connect-timeout --proxy --no-proxy --proxy-header --connect-to --resolve --unix-socket --interface --cacert --cert --key --pass --servername --tls-min --tls-max --ping-interval --max-message-size --close-timeout --max-redirs --ping-timeout --idle-timeout --record --timestamps --color --fail-fast --list --allow-run --relax --yes --strict --no-compress --netrc --proxy-insecure -4 --ipv4 -6 --ipv6 -k --insecure --no-system-ca -L --location --lenient --force --append -v --verbose -q --quiet --no-color --pretty --no-pretty --show-secrets --no-config --no-history -h --help'
            arguments=('<path>') many=yes
            ;;
        view)
            options='--entry --max-size --output --record --ui --ui-history --timestamps --color --filter --mute --json --stats --force --append --open -v --verbose -q --quiet --no-color --pretty --no-pretty --show-secrets -h --help'
            arguments=('<path>') many=
            ;;
        replay)
            options='--pace --speed --timeout --ignore --entry --max-size --compress -H --header -s --subprotocol -o --origin -A --user-agent -u --user --bearer --cookie --netrc-file --connect-timeout --proxy --no-proxy --proxy-header --connect-to --resolve --unix-socket --interface --cacert --cert --key --pass --servername --tls-min --tls-max --max-redirs --retry --ping-interval --ping-timeout --idle-timeout -m --max-time --close-timeout --output --max-message-size --record --timestamps --color --filter --mute --check --ignore-order --no-compress --strict --netrc --proxy-insecure -4 --ipv4 -6 --ipv6 -k --insecure --no-system-ca -L --location --json --lenient --force --append -v --verbose -q --quiet --no-color --pretty --no-pretty --show-secrets --no-config --no-history -h --help'
            arguments=('<path>' '') many=
            ;;
        diff)
            options='--ignore --entry --max-size --color --ignore-order --handshake --timing --control --json -q --quiet --no-color --show-secrets -h --help'
            arguments=('<path>' '<path>') many=
            ;;
        codes)
            options='-h --help'
            arguments=('1000 1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1011 1012 1013 1014 1015 3000 3003 3008') many=yes
            ;;
        completions)
            options='-h --help'
            arguments=('bash zsh fish powershell elvish nushell') many=
            ;;
        man)
            options='-h --help'
            arguments=('listen proxy check view replay diff codes completions man') many=
            ;;
        help)
            options=''
            arguments=('listen proxy check view replay diff codes completions man help') many=
            ;;
    esac
}

# What the option of a command takes: its values, and whether they may be the next word.
_wscope_option() {
    case "$1 $2" in
        'connect -H' | 'connect --header') takes=next values='<@path>' ;;
        'connect -s' | 'connect --subprotocol') takes=next values='' ;;
        'connect -o' | 'connect --origin') takes=next values='' ;;
        'connect -A' | 'connect --user-agent') takes=next values='' ;;
        'connect --compress') takes=next values='' ;;
        'connect --from-curl') takes=next values='<path>' ;;
        'connect -u' | 'connect --user') takes=next values='<@path>' ;;
        'connect --bearer') takes=next values='<@path>' ;;
        'connect --cookie') takes=next values='<@path>' ;;
        'connect --netrc-file') takes=next values='<path>' ;;
        'connect --connect-timeout') takes=next values='' ;;
        'connect --proxy') takes=next values='' ;;
        'connect --no-proxy') takes=next values='' ;;
        'connect --proxy-header') takes=next values='' ;;
        'connect --connect-to') takes=next values='' ;;
        'connect --resolve') takes=next values='' ;;
        'connect --unix-socket') takes=next values='<path>' ;;
        'connect --interface') takes=next values='' ;;
        'connect --cacert') takes=next values='<path>' ;;
        'connect --cert') takes=next values='<path>' ;;
        'connect --key') takes=next values='<path>' ;;
        'connect --pass') takes=next values='<@path>' ;;
        'connect --servername') takes=next values='' ;;
        'connect --tls-min') takes=next values='1.0 1.1 1.2 1.3' ;;
        'connect --tls-max') takes=next values='1.0 1.1 1.2 1.3' ;;
        'connect --max-redirs') takes=next values='' ;;
        'connect --retry') takes=equals values='' ;;
        'connect --reconnect') takes=equals values='' ;;
        'connect --reconnect-delay') takes=next values='' ;;
        'connect --ping-interval') takes=next values='' ;;
        'connect --ping-timeout') takes=next values='' ;;
        'connect --idle-timeout') takes=next values='' ;;
        'connect -x' | 'connect --send') takes=next values='' ;;
        'connect --send-hex') takes=next values='' ;;
        'connect --send-file') takes=next values='<path>' ;;
        'connect --send-frame') takes=next values='' ;;
        'connect --input') takes=next values='lines nul whole chunks json' ;;
        'connect --output') takes=next values='lines nul raw hex base64 json' ;;
        'connect --max-message-size') takes=next values='' ;;
        'connect -w' | 'connect --wait') takes=next values='' ;;
        'connect --count') takes=next values='' ;;
        'connect --duration') takes=next values='' ;;
        'connect --expect') takes=next values='' ;;
        'connect -m' | 'connect --max-time') takes=next values='' ;;
        'connect --close-timeout') takes=next values='' ;;
        'connect --close-code') takes=next values='1000 1001 1002 1003 1007 1008 1009 1010 1011 1012 1013 1014 3000 3003 3008' ;;
        'connect --close-reason') takes=next values='' ;;
        'connect --record') takes=next values='<path>' ;;
        'connect --ui') takes=equals values='' ;;
        'connect --ui-history') takes=next values='' ;;
        'connect --timestamps') takes=equals values='utc local relative delta' ;;
        'connect --color') takes=next values='auto always never' ;;
        'connect --filter') takes=next values='' ;;
        'connect --mute') takes=next values='' ;;
        'listen -H' | 'listen --header') takes=next values='<@path>' ;;
        'listen -s' | 'listen --subprotocol') takes=next values='' ;;
        'listen --allow-origin') takes=next values='' ;;
        'listen -u' | 'listen --user') takes=next values='<@path>' ;;
        'listen --path') takes=next values='' ;;
        'listen --max-clients') takes=next values='' ;;
        'listen --handshake-timeout') takes=next values='' ;;
        'listen --tls-cert') takes=next values='<path>' ;;
        'listen --tls-key') takes=next values='<path>' ;;
        'listen --tls-pass') takes=next values='<@path>' ;;
        'listen -x' | 'listen --send') takes=next values='' ;;
        'listen --broadcast') takes=equals values='others all' ;;
        'listen --replay') takes=next values='<path>' ;;
        'listen --entry') takes=next values='' ;;
        'listen --ignore') takes=next values='' ;;
        'listen --max-size') takes=next values='' ;;
        'listen --output') takes=next values='lines nul raw hex base64 json' ;;
        'listen --max-message-size') takes=next values='' ;;
        'listen --max-memory') takes=next values='' ;;
        'listen --count') takes=next values='' ;;
        'listen --duration') takes=next values='' ;;
        'listen --close-timeout') takes=next values='' ;;
        'listen --record') takes=next values='<path>' ;;
        'listen --ui') takes=equals values='' ;;
        'listen --ui-history') takes=next values='' ;;
        'listen --timestamps') takes=equals values='utc local relative delta' ;;
        'listen --color') takes=next values='auto always never' ;;
        'listen --mute') takes=next values='' ;;
        'listen --filter') takes=next values='' ;;
        'proxy --max-clients') takes=next values='' ;;
        'proxy --handshake-timeout') takes=next values='' ;;
        'proxy --tls-cert') takes=next values='<path>' ;;
        'proxy --tls-key') takes=next values='<path>' ;;
        'proxy --tls-pass') takes=next values='<@path>' ;;
        'proxy -H' | 'proxy --header') takes=next values='<@path>' ;;
        'proxy -o' | 'proxy --origin') takes=next values='' ;;
        'proxy -A' | 'proxy --user-agent') takes=next values='' ;;
        'proxy --connect-timeout') takes=next values='' ;;
        'proxy -u' | 'proxy --user') takes=next values='<@path>' ;;
        'proxy --bearer') takes=next values='<@path>' ;;
        'proxy --cookie') takes=next values='<@path>' ;;
        'proxy --netrc-file') takes=next values='<path>' ;;
        'proxy --proxy') takes=next values='' ;;
        'proxy --no-proxy') takes=next values='' ;;
        'proxy --proxy-header') takes=next values='' ;;
        'proxy --resolve') takes=next values='' ;;
        'proxy --unix-socket') takes=next values='<path>' ;;
        'proxy --interface') takes=next values='' ;;
        'proxy --cacert') takes=next values='<path>' ;;
        'proxy --cert') takes=next values='<path>' ;;
        'proxy --key') takes=next values='<path>' ;;
        'proxy --pass') takes=next values='<@path>' ;;
        'proxy --servername') takes=next values='' ;;
        'proxy --tls-min') takes=next values='1.0 1.1 1.2 1.3' ;;
        'proxy --tls-max') takes=next values='1.0 1.1 1.2 1.3' ;;
        'proxy --rule') takes=next values='' ;;
        'proxy --seed') takes=next values='' ;;
        'proxy --throttle') takes=next values='' ;;
        'proxy --latency') takes=next values='' ;;
        'proxy --refuse') takes=next values='' ;;
        'proxy --output') takes=next values='lines nul raw hex base64 json' ;;
        'proxy --max-message-size') takes=next values='' ;;
        'proxy --max-memory') takes=next values='' ;;
        'proxy --record') takes=next values='<path>' ;;
        'proxy --ui') takes=equals values='' ;;
        'proxy --ui-history') takes=next values='' ;;
        'proxy --connections') takes=next values='' ;;
        'proxy --duration') takes=next values='' ;;
        'proxy --close-timeout') takes=next values='' ;;
        'proxy --timestamps') takes=equals values='utc local relative delta' ;;
        'proxy --color') takes=next values='auto always never' ;;
        'proxy --mute') takes=next values='' ;;
        'proxy --connect-to') takes=next values='' ;;
        'proxy --filter') takes=next values='' ;;
        'check --variable') takes=next values='' ;;
        'check --variables-file') takes=next values='<path>' ;;
        'check --secret') takes=next values='' ;;
        'check --glob') takes=next values='' ;;
        'check -j' | 'check --jobs') takes=next values='' ;;
        'check --repeat') takes=next values='' ;;
        'check --only') takes=next values='' ;;
        'check --retry') takes=equals values='' ;;
        'check -m' | 'check --max-time') takes=next values='' ;;
        'check --report-junit') takes=next values='<path>' ;;
        'check --report-tap') takes=next values='<path>' ;;
        'check --report-json') takes=next values='<path>' ;;
        'check --report-html') takes=next values='<path>' ;;
        'check -H' | 'check --header') takes=next values='<@path>' ;;
        'check -s' | 'check --subprotocol') takes=next values='' ;;
        'check -o' | 'check --origin') takes=next values='' ;;
        'check -A' | 'check --user-agent') takes=next values='' ;;
        'check --compress') takes=next values='' ;;
        'check -u' | 'check --user') takes=next values='<@path>' ;;
        'check --bearer') takes=next values='<@path>' ;;
        'check --cookie') takes=next values='<@path>' ;;
        'check --netrc-file') takes=next values='<path>' ;;
        'check --connect-timeout') takes=next values='' ;;
        'check --proxy') takes=next values='' ;;
        'check --no-proxy') takes=next values='' ;;
        'check --proxy-header') takes=next values='' ;;
        'check --connect-to') takes=next values='' ;;
        'check --resolve') takes=next values='' ;;
        'check --unix-socket') takes=next values='<path>' ;;
        'check --interface') takes=next values='' ;;
        'check --cacert') takes=next values='<path>' ;;
        'check --cert') takes=next values='<path>' ;;
        'check --key') takes=next values='<path>' ;;
        'check --pass') takes=next values='<@path>' ;;
        'check --servername') takes=next values='' ;;
        'check --tls-min') takes=next values='1.0 1.1 1.2 1.3' ;;
        'check --tls-max') takes=next values='1.0 1.1 1.2 1.3' ;;
        'check --ping-interval') takes=next values='' ;;
        'check --max-message-size') takes=next values='' ;;
        'check --close-timeout') takes=next values='' ;;
        'check --max-redirs') takes=next values='' ;;
        'check --ping-timeout') takes=next values='' ;;
        'check --idle-timeout') takes=next values='' ;;
        'check --record') takes=next values='<path>' ;;
        'check --timestamps') takes=equals values='utc local relative delta' ;;
        'check --color') takes=next values='auto always never' ;;
        'view --entry') takes=next values='' ;;
        'view --max-size') takes=next values='' ;;
        'view --output') takes=next values='lines nul raw hex base64 json' ;;
        'view --record') takes=next values='<path>' ;;
        'view --ui') takes=equals values='' ;;
        'view --ui-history') takes=next values='' ;;
        'view --timestamps') takes=equals values='utc local relative delta' ;;
        'view --color') takes=next values='auto always never' ;;
        'view --filter') takes=next values='' ;;
        'view --mute') takes=next values='' ;;
        'replay --pace') takes=next values='answers original fast' ;;
        'replay --speed') takes=next values='' ;;
        'replay --timeout') takes=next values='' ;;
        'replay --ignore') takes=next values='' ;;
        'replay --entry') takes=next values='' ;;
        'replay --max-size') takes=next values='' ;;
        'replay --compress') takes=next values='' ;;
        'replay -H' | 'replay --header') takes=next values='<@path>' ;;
        'replay -s' | 'replay --subprotocol') takes=next values='' ;;
        'replay -o' | 'replay --origin') takes=next values='' ;;
        'replay -A' | 'replay --user-agent') takes=next values='' ;;
        'replay -u' | 'replay --user') takes=next values='<@path>' ;;
        'replay --bearer') takes=next values='<@path>' ;;
        'replay --cookie') takes=next values='<@path>' ;;
        'replay --netrc-file') takes=next values='<path>' ;;
        'replay --connect-timeout') takes=next values='' ;;
        'replay --proxy') takes=next values='' ;;
        'replay --no-proxy') takes=next values='' ;;
        'replay --proxy-header') takes=next values='' ;;
        'replay --connect-to') takes=next values='' ;;
        'replay --resolve') takes=next values='' ;;
        'replay --unix-socket') takes=next values='<path>' ;;
        'replay --interface') takes=next values='' ;;
        'replay --cacert') takes=next values='<path>' ;;
        'replay --cert') takes=next values='<path>' ;;
        'replay --key') takes=next values='<path>' ;;
        'replay --pass') takes=next values='<@path>' ;;
        'replay --servername') takes=next values='' ;;
        'replay --tls-min') takes=next values='1.0 1.1 1.2 1.3' ;;
        'replay --tls-max') takes=next values='1.0 1.1 1.2 1.3' ;;
        'replay --max-redirs') takes=next values='' ;;
        'replay --retry') takes=equals values='' ;;
        'replay --ping-interval') takes=next values='' ;;
        'replay --ping-timeout') takes=next values='' ;;
        'replay --idle-timeout') takes=next values='' ;;
        'replay -m' | 'replay --max-time') takes=next values='' ;;
        'replay --close-timeout') takes=next values='' ;;
        'replay --output') takes=next values='lines nul raw hex base64 json' ;;
        'replay --max-message-size') takes=next values='' ;;
        'replay --record') takes=next values='<path>' ;;
        'replay --timestamps') takes=equals values='utc local relative delta' ;;
        'replay --color') takes=next values='auto always never' ;;
        'replay --filter') takes=next values='' ;;
        'replay --mute') takes=next values='' ;;
        'diff --ignore') takes=next values='' ;;
        'diff --entry') takes=next values='' ;;
        'diff --max-size') takes=next values='' ;;
        'diff --color') takes=next values='auto always never' ;;
    esac
}

_wscope() {
    local commands='listen proxy check view replay diff codes completions man help' options= arguments=() many= takes= values=
    local line=${COMP_LINE:0:COMP_POINT} words=("${COMP_WORDS[0]}") last=0 index word

    # Bash splits words also at the characters of COMP_WORDBREAKS, such as = : and @. They are joined again.
    line=${line#*"${COMP_WORDS[0]}"}
    for ((index = 1; index <= COMP_CWORD; index++)); do
        if [[ $line == [[:blank:]]* ]]; then
            last=$((last + 1))
            line=${line#"${line%%[![:blank:]]*}"}
        fi
        word=${COMP_WORDS[index]}
        ((index < COMP_CWORD)) || word=$line
        words[last]+=$word
        line=${line#"$word"}
    done

    local command=connect current=${words[last]} stem= first=1 given=0 next= ended=
    if ((last > 1)) && [[ " $commands " == *" ${words[1]} "* ]]; then
        command=${words[1]} first=2
    fi
    _wscope_command "$command"
    for ((index = first; index < last; index++)); do
        word=${words[index]}
        if [[ $next ]]; then
            next=
        elif [[ ! $ended && $word == -- ]]; then
            ended=yes
        elif [[ ! $ended && $word == -?* ]]; then
            _wscope_value_of "$word"
            [[ $takes != next || $stem ]] || next=yes
        else
            given=$((given + 1))
        fi
    done

    COMPREPLY=()
    if [[ ! $next ]]; then
        stem= values=
        if [[ ! $ended && $current == -* ]]; then
            _wscope_value_of "$current"
            [[ $stem ]] || values=$options
        elif ((last == 1)); then
            values="$commands <url>"
        elif [[ $many ]]; then
            values=${arguments[0]}
        else
            values=${arguments[given]}
        fi
    fi
    _wscope_reply "$1" "$2"
}

# Sets takes to what the last option in a word takes, and stem to what precedes its value if both are in one word.
_wscope_value_of() {
    local at
    stem= takes= values=
    if [[ $1 == --*=* ]]; then
        stem=${1%%=*}=
        _wscope_option "$command" "${stem%=}"
    elif [[ $1 == --* ]]; then
        _wscope_option "$command" "$1"
    else
        for ((at = 1; at < ${#1}; at++)); do
            _wscope_option "$command" "-${1:at:1}"
            if [[ $takes == next ]]; then
                ((at + 1 == ${#1})) || stem=${1:0:at + 1}
                return
            fi
        done
    fi
}

# Offers the values for what follows the stem of the current word.
_wscope_reply() {
    local value=${current#"$stem"} path
    if [[ $values == '<path>' && (! $stem || $value != '~/'* && $2 != -*) ]]; then
        return # readline completes files where nothing is offered
    fi
    if [[ $values == '<path>' || $values == '<@path>' && $value == @* ]]; then
        [[ $value != @* ]] || stem+=@
        value=${value#@}
        # Bash expands no tilde behind = or @.
        value=${value/#'~/'/"$HOME/"}
        while IFS= read -r path; do
            COMPREPLY+=("$path")
        done < <(compgen -f -- "${value//\\/}")
        _wscope_quote
        _wscope_join "$2"
        return
    fi
    compopt +o default +o bashdefault 2>/dev/null
    if [[ $values == '<@path>' ]]; then
        return
    fi
    if [[ $values == *'<url>' ]]; then
        # The names are those of the configuration file.
        values="${values%'<url>'} $("$1" completions --endpoints 2>/dev/null | cut -f 1)"
    fi
    COMPREPLY=($(compgen -W "$values" -- "$value"))
    _wscope_join "$2"
}

# Quotes names of files as readline does it; behind @ readline would take them for other names.
_wscope_quote() {
    local index path
    for index in "${!COMPREPLY[@]}"; do
        path=${COMPREPLY[index]}
        COMPREPLY[index]=$(printf %q "$path")
        if [[ -d $path ]]; then
            COMPREPLY[index]+=/
            compopt -o nospace 2>/dev/null
        fi
    done
}

# Puts the stem before the values, but for what is before the last character of COMP_WORDBREAKS: readline keeps that.
_wscope_join() {
    local head=${current%"$1"} index
    for index in "${!COMPREPLY[@]}"; do
        word=$stem${COMPREPLY[index]}
        COMPREPLY[index]=${word#"$head"}
    done
}

complete -o bashdefault -o default -F _wscope wscope
