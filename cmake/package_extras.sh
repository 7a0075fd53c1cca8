#!/bin/sh
# package_extras.sh PROGRAM OUT VERSION: what a package holds beside the program, made from the program itself.
set -eu
program=$1 out=$2 version=$3
here=$(dirname "$0")
rm -rf "$out"
mkdir -p "$out/man1"

# One page for the program and one for each subcommand, its own subcommands within. `-version` is not a flag of ours.
page() {  # page NAME ARGUMENTS SUMMARY
  help2man --no-info --no-discard-stderr --section=1 --manual="neoid" --source="neoid $version" \
    --version-string="$version" --name="$3" --output="$out/man1/$1.1" "$program $2"
  gzip -9n "$out/man1/$1.1"
}
page neoid "" "machine-to-machine identities as declared YAML"
"$program" --help | sed -n '/^Subcommands:/,/^[^ ]*Every/s/^  \([a-z][a-z-]*\) .*/\1/p' | while read -r command; do
  page "neoid-$command" "$command" "$("$program" "$command" --help | head -n 1)"
done
[ "$(find "$out/man1" -type f | wc -l)" -gt 5 ] || { echo "package_extras.sh: found no subcommands" >&2; exit 1; }

for shell in bash zsh fish; do "$program" completion "$shell" >"$out/completion.$shell"; done

python3 "$here/sbom.py" --program "$program" --version "$version" --spdx "$out/sbom.spdx.json" --copyright "$out/copyright"
gzip -9nc "$here/../CHANGELOG.md" >"$out/changelog.gz"
