_wscope_url() {
    local -a endpoints
    # The names are those of the configuration file.
    endpoints=(${(f)"$(_call_program endpoints $_wscope_program completions --endpoints 2>/dev/null)"})
    endpoints=(${endpoints//:/\\:})
    endpoints=(${endpoints/$'\t'/:})
    _describe -t endpoints endpoint endpoints
}

# Zsh expands no tilde behind = or @.
_wscope_files() {
    [[ $IPREFIX != *[=@] || $PREFIX != \~/* ]] || PREFIX=$HOME/${PREFIX#\~/}
    _files
}

_wscope_at_file() {
    compset -P @ && _wscope_files
}

_wscope() {
    local -a commands
    commands=(
        @COMMANDS@
    )
    local _wscope_program=$words[1] curcontext=$curcontext ret=1
    if (( CURRENT > 2 && $+commands[(r)$words[2]:*] )); then
        shift words
        (( CURRENT-- ))
        curcontext="${curcontext%:*:*}:wscope-$words[1]:"
        _wscope_$words[1]
        return
    fi
    if (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then
        _describe -t commands command commands && ret=0
    fi
    _wscope_connect && ret=0
    return ret
}

if [ "$funcstack[1]" = "_wscope" ]; then
    _wscope "$@"
else
    compdef _wscope wscope
fi
