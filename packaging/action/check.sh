#!/usr/bin/env bash
# Runs `wscope check`, which prints the annotations: see action.yml.
set -euo pipefail

# One argument per line, so that names may have blanks. bash of macOS has no mapfile.
lines=()
read_lines() {
    lines=()
    local line
    while IFS= read -r line; do
        line=${line%$'\r'}
        [ -z "$line" ] || lines+=("$line")
    done <<<"$1"
}

read_lines "$INPUT_ARGUMENTS"
command=(wscope check --report-junit "$INPUT_REPORT_JUNIT" ${lines[@]+"${lines[@]}"})
read_lines "$INPUT_FILES"
[ "${#lines[@]}" -gt 0 ] || { echo "::error title=wscope::the input 'files' is empty"; exit 2; }
command+=(-- "${lines[@]}")

output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
"${command[@]}" | tee "$output" || status=${PIPESTATUS[0]}

case $INPUT_REPORT_JUNIT in
    /* | [A-Za-z]:*) report=$INPUT_REPORT_JUNIT ;;
    *) report=$PWD/$INPUT_REPORT_JUNIT ;;
esac
{
    echo "report-junit=$report"
    echo "exit-status=$status"
} >>"$GITHUB_OUTPUT"

# Indented, text of a server stays text, whatever it contains.
{
    printf '### wscope check\n\n'
    grep -v '^::' "$output" | tail -n 200 | sed 's/^/    /' || true
} >>"$GITHUB_STEP_SUMMARY"
exit "$status"
