#!/usr/bin/env bash
# Times whole runs of `unecho clean` on a real corpus beside `cat`, and prints a record for benches/results (Markdown).
#
#   usage: benches/compare.sh CORPUS.jsonl [RUNS] [LABEL] > benches/results/DATE-MACHINE.md
#
# RUNS (default 5) is how often each command is run; LABEL names the corpus in the record (default: the file's name).
# UNECHO names the binary (default: target/release/unecho, honouring CARGO_TARGET_DIR); TMPDIR is where outputs are written:
# give it room for three copies of the corpus. See benches/results/README.md for what is measured and how.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
corpus=${1:?usage: benches/compare.sh CORPUS.jsonl [RUNS] [LABEL]}
runs=${2:-5}
label=${3:-$(basename "$corpus")}
unecho=${UNECHO:-${CARGO_TARGET_DIR:-$root/target}/release/unecho}
commands=(cat cat-sync none document default none-1 document-1 default-1)
# compressed copies, where the system can make them: decompressing alone, and cleaning
command -v zstd > /dev/null && commands+=(zstd document-zst)
command -v gzip > /dev/null && commands+=(gzip document-gz)

fail() { echo "compare.sh: $*" >&2; exit 2; }
[ -f "$corpus" ] || fail "no such file: $corpus"
[ -x "$unecho" ] || fail "$unecho is missing; run \`cargo build --release\` first, or set UNECHO"
case $runs in '' | *[!0-9]* | 0) fail "RUNS is a number of 1 or more, not '$runs'" ;; esac

work=$(mktemp -d "${TMPDIR:-/tmp}/unecho-compare.XXXXXX")
trap 'rm -rf "$work"' EXIT
out=$work/out.jsonl

# What a name of the table stands for.
spell() {
  case $1 in
    cat) echo 'cat FILE > OUT' ;;
    cat-sync) echo 'cat FILE > OUT && sync OUT' ;;
    zstd) echo 'zstd -dc FILE.zst > OUT' ;;
    gzip) echo 'gzip -dc FILE.gz > OUT' ;;
    document-zst) echo 'unecho clean FILE.zst -o OUT --unit document' ;;
    document-gz) echo 'unecho clean FILE.gz -o OUT --unit document' ;;
    default-1) echo 'unecho clean FILE -o OUT --threads 1' ;;
    *-1) echo "unecho clean FILE -o OUT --unit ${1%-1} --threads 1" ;;
    default) echo 'unecho clean FILE -o OUT' ;;
    *) echo "unecho clean FILE -o OUT --unit $1" ;;
  esac
}

# Runs a command, leaving its peak memory in KiB in $work/memory where the system's `time` can tell.
if /usr/bin/time -f %M -o "$work/memory" true 2>/dev/null; then
  watched() { /usr/bin/time -f %M -o "$work/memory" "$@"; }
else
  echo - > "$work/memory"
  watched() { "$@"; }
fi

run() {
  case $1 in
    cat) watched cat "$corpus" > "$out" ;;
    cat-sync) watched cat "$corpus" > "$out" && sync "$out" ;;
    zstd) watched zstd -dcq "$work/in.jsonl.zst" > "$out" ;;
    gzip) watched gzip -dc "$work/in.jsonl.gz" > "$out" ;;
    document-zst) watched "$unecho" clean "$work/in.jsonl.zst" -o "$out" --quiet --unit document ;;
    document-gz) watched "$unecho" clean "$work/in.jsonl.gz" -o "$out" --quiet --unit document ;;
    default-1) watched "$unecho" clean "$corpus" -o "$out" --quiet --threads 1 ;;
    *-1) watched "$unecho" clean "$corpus" -o "$out" --quiet --unit "${1%-1}" --threads 1 ;;
    default) watched "$unecho" clean "$corpus" -o "$out" --quiet ;;
    *) watched "$unecho" clean "$corpus" -o "$out" --quiet --unit "$1" ;;
  esac
}

# The answer of a run must be that of the runs before, with however many threads; `cat`, `--unit none` and decompressing
# must give the corpus itself.
check() {
  local answer same
  # a compressed input gives a compressed output
  case $1 in
    document-zst) answer=$(zstd -dcq < "$out" | cksum) ;;
    document-gz) answer=$(gzip -dc < "$out" | cksum) ;;
    *) answer=$(cksum < "$out") ;;
  esac
  for same in "$1" "${1%-*}"; do
    [ -f "$work/$same.answer" ] || echo "$answer" > "$work/$same.answer"
    [ "$answer" = "$(cat "$work/$same.answer")" ] || fail "$1 gave another output than before, or than $same"
  done
  case $1 in
    cat | cat-sync | none | none-1 | zstd | gzip) [ "$answer" = "$original" ] || fail "the output of $1 is not the corpus" ;;
  esac
}

measure() {
  local start end
  rm -rf "$out" "$out.unecho"
  sync # nobody pays for flushing what the run before wrote
  start=$(date +%s.%N)
  run "$1"
  end=$(date +%s.%N)
  awk -v s="$start" -v e="$end" 'BEGIN { printf "%.3f\n", e - s }' >> "$work/$1.seconds"
  cat "$work/memory" >> "$work/$1.memory"
  check "$1"
}

# One round is every command once; every second round goes backwards, so that none is always run after the same one.
rounds() {
  local round i last=$((${#commands[@]} - 1))
  for ((round = 0; round < runs; round++)); do
    for ((i = 0; i <= last; i++)); do
      measure "${commands[round % 2 ? last - i : i]}"
    done
    echo "compare.sh: round $((round + 1)) of $runs done" >&2
  done
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%.3f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
least() { sort -n "$1" | head -n 1; }
most() { sort -n "$1" | tail -n 1; }

row() {
  local name=$1 written
  written=$(cut -d ' ' -f 2 "$work/$name.answer")
  awk -v command="$(spell "$name")" -v s="$(median "$work/$name.seconds")" -v kib="$(most "$work/$name.memory")" \
    -v low="$(least "$work/$name.seconds")" -v high="$(most "$work/$name.seconds")" -v bytes="$bytes" \
    -v written="$written" -v cat="$(median "$work/cat.seconds")" -v none="$(median "$work/none.seconds")" 'BEGIN {
      memory = kib == "-" ? "-" : sprintf("%.0f", kib * 1024 / 1e6)
      printf "| `%s` | %.2f | %.2f-%.2f | %.0f | %.1f | %.2f | %s | %.1f |\n",
        command, s, low, high, bytes / 1e6 / s, s / cat, s / none, memory, written / 1e6
    }'
}

processor() {
  local name
  name=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
  echo "${name:-$(sysctl -n machdep.cpu.brand_string 2>/dev/null || uname -m)}"
}

load() { uptime | sed 's/.*load average[s]*: //'; }

commit() {
  local changes
  changes=$(git -C "$root" status --porcelain -- src Cargo.toml Cargo.lock 2>/dev/null)
  echo "$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)${changes:+ and changes not committed}"
}

bytes=$(wc -c < "$corpus" | tr -d ' ')
original=$(cksum < "$corpus") # also brings the corpus into the page cache
for name in "${commands[@]}"; do
  case $name in
    zstd) zstd -qc < "$corpus" > "$work/in.jsonl.zst" ;; # it passes over a link by its name
    gzip) gzip -c "$corpus" > "$work/in.jsonl.gz" ;;
  esac
done
load_before=$(load)
commit=$(commit)
rounds

cat <<RECORD
# $(date +%Y-%m-%d): $label

- machine: $(processor), $(getconf _NPROCESSORS_ONLN) cores, $(uname -sr)
- load average: $load_before before, $(load) after
- commit: $commit; $("$unecho" --version), $(rustc --version 2>/dev/null || echo 'rustc unknown')
- corpus: $label, $bytes bytes, cksum ${original%% *}
- command: \`benches/compare.sh FILE $runs\`; $runs alternating runs of each, outputs equal in all of them

| command | median s | range s | MB/s | time ÷ \`cat\` | time ÷ \`none\` | peak MB | MB written |
|---|--:|--:|--:|--:|--:|--:|--:|
RECORD
for name in "${commands[@]}"; do row "$name"; done
