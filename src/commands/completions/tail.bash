_wscope() {
    local commands='@COMMANDS@' options= arguments=() many= takes= values=
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
