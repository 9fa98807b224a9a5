#!/usr/bin/env bash
# usage: unecho.sh UNECHO INPUT OUTPUT THREADS: documents only, as the peers; the cleaned files are joined to one as theirs
set -euo pipefail
parts=$(mktemp -d "$(dirname "$3")/unecho-parts.XXXXXX")
"$1" clean "$2" -o "$parts/out" --unit document -j "$4" --isolated --quiet
cat "$parts"/out/* >"$3"
rm -r "$parts"
