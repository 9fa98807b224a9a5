#!/usr/bin/env bash
# What a limit on memory costs, on a corpus made by `unecho synth`: time, peak memory and temporary disk, with and without it.
#
#   benches/memory.sh DIR [DOCUMENTS [LIMIT]]     default: 4,000,000 documents (about 9.6 GB) and 1GiB
#   benches/memory.sh --extremes DIR [LIMIT]      a million files, 10^8 empty lines, a line and a record of 1 GiB
#   benches/memory.sh --long DIR [LIMIT]          a record and a text of 4 GiB, which are refused or set aside
#
# DIR has to hold the corpus twice and the temporary data; what is made there is deleted. BIN names another binary.
set -euo pipefail
bin=${BIN:-target/release/unecho}
[ -n "${BIN:-}" ] || cargo build --release --quiet

# run NAME ARGS...: a line of the table; the report tells the peaks
run() {
    local name=$1; shift
    local began ended code=0
    began=$(date +%s.%N)
    "$bin" "$@" --quiet 2> "$dir/said" || code=$?
    ended=$(date +%s.%N)
    local measured=null
    [ -e "$dir/out.unecho/report.json" ] && measured=$(tail -n 1 "$dir/out.unecho/report.json" | sed 's/^"measured": //; s/}}$/}/')
    python3 - "$name" "$began" "$ended" "$code" "$measured" <<'PY'
import json, sys
name, began, ended, code, measured = sys.argv[1:]
seconds = float(ended) - float(began)
m = json.loads(measured) or {}
mib = lambda n: "–" if n is None else f"{n / 2**20:,.0f} MiB"
stages = ", ".join(f"{k} {v:.1f}" for k, v in m.get("stages", {}).items())
print(f"| {name} | {seconds:.1f} s | {mib(m.get('peak_memory'))} | {mib(m.get('peak_temporary'))} | {stages} | {code} |", flush=True)
PY
    [ "$code" = 0 ] || head -c 400 "$dir/said"
    [ ! -d "$dir/out.unecho/rejects" ] || echo "  set aside: $(du -sh --apparent-size "$dir/out.unecho/rejects" | cut -f1)"
    rm -rf "$dir/out" "$dir/out.unecho"
}

head_of_table() {
    echo "| run | wall | peak memory | temporary disk | stages (s) | exit |"
    echo "|---|---:|---:|---:|---|---:|"
}

# words N: so many MiB of words without an end of line
words() { python3 -c 'import sys
words = "".join(f"w@x{j:05} " for j in range(1 << 17))
for i in range(int(sys.argv[1])): sys.stdout.write(words.replace("@", str(i))[:1 << 20])' "$1"; }

# prepare DIR LIMIT: where the rest happens
prepare() {
    dir=$(realpath "$1")/extremes limit=${2:-256MiB}
    mkdir -p "$dir"; trap 'rm -rf "$dir"' EXIT
    limited=(-o "$dir/out" --force --memory "$limit" --temp-dir "$dir")
    head_of_table
}

if [ "$1" = --extremes ]; then
    prepare "${@:2}"
    mkdir "$dir/files"
    python3 - "$dir/files" <<'PY'
import os, sys
for d in range(1000):
    os.mkdir(f"{sys.argv[1]}/{d}")
    for f in range(1000):
        with open(f"{sys.argv[1]}/{d}/{f}.txt", "w") as out:
            out.write(f"this is file {f} of folder {d} and says a few words of its own that nobody repeats\n")
PY
    run "10^6 files, $limit" clean "$dir/files" "${limited[@]}"
    rm -rf "$dir/files"
    head -c 100000000 /dev/zero | tr '\0' '\n' > "$dir/lines.txt"
    run "10^8 empty lines, $limit" clean "$dir/lines.txt" "${limited[@]}"
    run "10^8 empty lines as records, $limit" clean "$dir/lines.txt" "${limited[@]}" --records line
    rm "$dir/lines.txt"
    words 1024 > "$dir/line.txt"
    run "a line of 1 GiB, $limit" clean "$dir/line.txt" "${limited[@]}" --unit document,paragraph
    { printf '{"text":"'; cat "$dir/line.txt"; printf '"}\n'; } > "$dir/line.jsonl"
    run "a record of 1 GiB, $limit" clean "$dir/line.jsonl" "${limited[@]}" --unit document,paragraph
    rm "$dir"/line.*
    exit
fi

if [ "$1" = --long ]; then
    prepare "${@:2}"
    { printf '{"text":"'; words 4112; printf '"}\n{"text":"and a short one"}\n'; } > "$dir/record.jsonl"
    run "a record of 4 GiB, $limit" clean "$dir/record.jsonl" "${limited[@]}"
    run "a record of 4 GiB, set aside, $limit" clean "$dir/record.jsonl" "${limited[@]}" --on-error skip
    # the same bytes as one document of text, beside another
    mkdir "$dir/texts"; mv "$dir/record.jsonl" "$dir/texts/long.txt"; echo "and a short one" > "$dir/texts/short.txt"
    run "a text of 4 GiB, $limit" clean "$dir/texts" "${limited[@]}"
    run "a text of 4 GiB, set aside, $limit" clean "$dir/texts" "${limited[@]}" --on-error skip
    exit
fi

dir=$(realpath "$1")/memory; documents=${2:-4000000}; limit=${3:-1GiB}
mkdir -p "$dir"; trap 'rm -rf "$dir"' EXIT
limited=(-o "$dir/out" --force --memory "$limit" --temp-dir "$dir")
free=(-o "$dir/out" --force --memory 90%)
head_of_table
# the part that fits into the limit many times over
"$bin" synth -o "$dir/small" --documents $((documents / 20)) --quiet
for unit in document document,paragraph; do
    run "$(du -m "$dir/small/corpus" | tail -1 | cut -f1) MiB, $unit, in memory" clean "$dir/small/corpus" "${free[@]}" --unit $unit
done
rm -rf "$dir/small"
"$bin" synth -o "$dir/large" --documents "$documents" --files 8 --quiet
rm -f "$dir/large"/truth*
for unit in document document,paragraph; do
    run "$(du -m "$dir/large/corpus" | tail -1 | cut -f1) MiB, $unit, $limit" clean "$dir/large/corpus" "${limited[@]}" --unit $unit
done
