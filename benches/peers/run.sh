#!/usr/bin/env bash
# Installs the peers into a throw-away folder and runs them beside unecho on one made-up corpus, disk to disk.
# usage: benches/peers/run.sh [-n DOCUMENTS] [-r RUNS] [-j THREADS] [-w FOLDER] [-c COMMAND] [PEER…]
#   PEER     unecho rensa gaoya datasketch text-dedup datatrove dolma [default: all]
#   FOLDER   environments and outputs [default: a new one below $TMPDIR, left for the next run]
#   COMMAND  the unecho to run [default: target/release/unecho]
# Prints a line of JSON for each run: seconds, processor time, peak memory of the largest process, and for the last run
# recall and precision; a peer that cannot be installed is passed over, and said so. The corpus has its page cache warm; each peer's first run is not counted.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
documents=10000 runs=3 threads=2 work=${TMPDIR:-/tmp}/unecho-peers command=$here/../../target/release/unecho
while getopts n:r:j:w:c: option; do
    case $option in
    n) documents=$OPTARG ;; r) runs=$OPTARG ;; j) threads=$OPTARG ;; w) work=$OPTARG ;; c) command=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
peers=${*:-unecho rensa gaoya datasketch text-dedup datatrove dolma}
mkdir -p "$work"

# install PEER: says where its Python is, or makes it
install() {
    local needed
    needed=$(sed -n "s/^$1 \+//p" "$here/requirements.txt")
    if [ ! -e "$work/env/$1/done" ]; then
        # shellcheck disable=SC2086 # several packages
        python3 -m venv "$work/env/$1" >&2 &&
            "$work/env/$1/bin/pip" install --quiet --no-input --only-binary :all: $needed >&2 &&
            touch "$work/env/$1/done" || return
    fi
    echo "$work/env/$1/bin/python"
}

# line_of PEER: the words that run it; INPUT OUTPUT THREADS follow
line_of() {
    case $1 in
    unecho) echo "$here/unecho.sh $command" ;;
    gaoya)
        CARGO_TARGET_DIR="$work/gaoya" cargo build --quiet --release --manifest-path "$here/gaoya/Cargo.toml" >&2 || return
        echo "$work/gaoya/release/peer-gaoya"
        ;;
    *)
        local python
        python=$(install "$1") || return
        echo "$python $here/peer_${1//-/_}.py"
        ;;
    esac
}

made=$work/made-$documents
[ -e "$made" ] || "$command" synth -o "$made" --documents "$documents" --files 4 --edits 1%,2%,3%,5% --edited 10% --quiet
cat "$made"/corpus/* >/dev/null
for peer in $peers; do
    if ! line=$(line_of "$peer"); then
        printf '{"peer": "%s", "error": "it could not be installed"}\n' "$peer"
        continue
    fi
    for run in $(seq 0 "$runs"); do
        out=$work/$peer.jsonl
        rm -rf "$out" "$out.unecho"
        # shellcheck disable=SC2086 # a command of several words
        python3 "$here/measure.py" "$peer" "$run" $line "$made/corpus" "$out" "$threads" | grep -v '"run": 0,' || [ "$run" = 0 ]
    done
    printf '{"peer": "%s", "score": %s}\n' "$peer" "$(python3 "$here/score.py" "$made" "$out")"
done
