#!/usr/bin/env bash
# Installs wscope from a release, for the steps that follow: see action.yml. INPUT_VERSION names the release;
# WSCOPE_DOWNLOADS another place than GitHub, such as a mirror.
set -euo pipefail

fail() { echo "::error title=wscope::$1"; exit 1; }

version=${INPUT_VERSION#v}
[ -n "$version" ] || version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$GITHUB_ACTION_PATH/Cargo.toml" | head -n 1)
case $version in
    *[!0-9A-Za-z.+-]* | '') fail "the input 'version' is not a version such as 0.1.0" ;;
esac

case $RUNNER_OS-$RUNNER_ARCH in
    Linux-X64) target=x86_64-unknown-linux-musl ;;
    Linux-ARM64) target=aarch64-unknown-linux-musl ;;
    macOS-X64) target=x86_64-apple-darwin ;;
    macOS-ARM64) target=aarch64-apple-darwin ;;
    # Windows on ARM runs programs for x86-64.
    Windows-X64 | Windows-ARM64) target=x86_64-pc-windows-msvc ;;
    *) fail "there is no release of wscope for $RUNNER_OS on $RUNNER_ARCH" ;;
esac

name=wscope-$version-$target
case $RUNNER_OS in
    Windows) archive=$name.zip ;;
    *) archive=$name.tar.gz ;;
esac
downloads=${WSCOPE_DOWNLOADS:-https://github.com/wscope/wscope/releases/download}

# In that folder the names have no drive letter, whose colon tar takes for the end of a host's name.
folder=$RUNNER_TEMP/wscope-action
mkdir -p "$folder"
cd "$folder"
for file in "$archive" "$archive.sha256"; do
    curl --fail --location --silent --show-error --retry 3 --output "$file" "$downloads/v$version/$file" ||
        fail "cannot download $downloads/v$version/$file"
done
if command -v sha256sum >/dev/null; then
    check=(sha256sum --check --quiet)
else
    check=(shasum --algorithm 256 --check --quiet)
fi
"${check[@]}" "$archive.sha256" || fail "$archive does not have the checksum of the release"
case $archive in
    *.zip) unzip -q -o "$archive" ;;
    *) tar -xzf "$archive" ;;
esac

echo "$folder/$name" >>"$GITHUB_PATH"
echo "version=$version" >>"$GITHUB_OUTPUT"
echo "installed wscope $version ($target)"
