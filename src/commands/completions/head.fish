# The command that is typed; without one, connect.
function __wscope_command
    set -l words (commandline -opc)
    if set -q words[2]; and contains -- $words[2] @COMMANDS@
        echo $words[2]
    else
        echo connect
    end
end

# The options of a command whose values are the next words.
function __wscope_valued
    switch $argv[1]
@VALUED@    end
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

