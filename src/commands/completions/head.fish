# The command that is typed; without one, connect.
function __wscope_command
    set -l words (commandline -opc)
    if set -q words[2]; and contains -- $words[2] @COMMANDS@
        echo $words[2]
    else
        echo connect
    end
end

function __wscope_is
    test (__wscope_command) = $argv[1]
end

function __wscope_is_first
    test (count (commandline -opc)) -eq 1
end

# The names of the configuration file, with their URLs.
function __wscope_endpoints
    command wscope completions --endpoints 2>/dev/null
end

# Fish expands no tilde behind = or @: nothing is offered there.
function __wscope_expands
    not string match -qr '^--[^=]*=~' -- (commandline -ct)
end

# Files behind @.
function __wscope_at_files
    set -l value (string replace -r '^--[^=]*=' '' -- (commandline -ct))
    string match -q '@*' -- $value
    or return
    set -l start (string unescape -- (string sub -s 2 -- $value))
    for path in $start*
        test -d $path
        and set path $path/
        echo @$path
    end
end

