#!/usr/bin/env python3
"""Does the cost of `unecho clean` grow linearly? Times it on 1, 4 and 16 times a corpus, and prints a record (Markdown).

usage: benches/growth.py CORPUS.jsonl [--runs N] [--threads T] [--unit UNITS] > benches/results/DATE-growth.md

Three families of corpora, each at three sizes:
  edited     the corpus again and again: ids renamed, and about one word in a hundred replaced, others in each copy
  boilerplate  each document begins and ends with the same 40 lines; what stands between is its own
  identical  one document, over and over

Processor time is quoted (user and system, of the whole process), medians over N runs that alternate over the sizes; the
last column is the time per byte at 16 times the corpus, divided by that at 1 time: 1.10 and less is linear within 10 %.
UNECHO names the binary (default: target/release/unecho). Corpora are written to TMPDIR and deleted.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

TIMES = [1, 4, 16]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UNECHO = os.environ.get("UNECHO", os.path.join(ROOT, "target/release/unecho"))


def edited(documents, times):
    """Copies of the documents, the first as they are."""
    for copy in range(times):
        rng = random.Random(copy)
        for number, document in enumerate(documents):
            text = document["text"]
            if copy:
                words = re.split(r"(\w+)", text)
                for _ in range(max(1, len(words) // 200)):
                    at = 2 * rng.randrange(len(words) // 2) + 1 if len(words) > 2 else 0
                    words[at] = f"w{rng.randrange(10**6)}"
                text = "".join(words)
            yield {"id": f"{copy}-{number}", "text": text}


def boilerplate(documents, times):
    """Documents of their own words between the same head and foot."""
    lines = [f"This is line {n} of a notice that stands on every page of this site, word for word." for n in range(80)]
    head, foot = "\n".join(lines[:40]), "\n".join(lines[40:])
    rng = random.Random(7)
    for number in range(len(documents) * times):
        own = "\n".join(" ".join(f"w{rng.randrange(50_000)}" for _ in range(30)) for _ in range(4))
        yield {"id": str(number), "text": f"{head}\n{own}\n{foot}"}


def identical(documents, times):
    """The longest of the first documents, as often as there are documents."""
    text = max((document["text"] for document in documents[:200]), key=len)[:2000]
    for number in range(len(documents) * times):
        yield {"id": str(number), "text": text}


FAMILIES = {"edited": edited, "boilerplate": boilerplate, "identical": identical}


def write(path, documents):
    with open(path, "w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(document, ensure_ascii=False) + "\n")
    return os.path.getsize(path)


def cost(path, out, options):
    """Processor seconds and peak memory in MB of one run."""
    shutil.rmtree(out + ".unecho", ignore_errors=True)
    if os.path.exists(out):
        os.remove(out)
    process = subprocess.Popen([UNECHO, "clean", path, "-o", out, "--quiet", *options])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"growth.py: unecho failed on {path}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--unit", default="document,paragraph")
    options = parser.parse_args()
    with open(options.corpus, encoding="utf-8") as file:
        documents = [json.loads(line) for line in file if line.strip()]
    flags = ["--threads", options.threads, "--unit", options.unit]
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout
    print(f"- command: `benches/growth.py CORPUS --runs {options.runs} {' '.join(flags)}`, commit {commit.strip()}")
    print(f"- corpus: {os.path.basename(options.corpus)}, {len(documents)} documents; medians of processor time\n")
    print("| corpus | size | MB | seconds | MB/s | peak MB | time per byte ÷ that at 1 × |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as work:
        out = os.path.join(work, "out.jsonl")
        for name, family in FAMILIES.items():
            paths = [os.path.join(work, f"{name}-{times}.jsonl") for times in TIMES]
            sizes = [write(path, family(documents, times)) for path, times in zip(paths, TIMES)]
            runs = [[cost(path, out, flags) for path in paths] for _ in range(options.runs)]
            first = None
            for i, (times, size) in enumerate(zip(TIMES, sizes)):
                seconds = statistics.median(run[i][0] for run in runs)
                peak = max(run[i][1] for run in runs)
                first = first or seconds / size
                ratio = seconds / size / first
                print(f"| {name} | {times} × | {size / 1e6:.1f} | {seconds:.2f} | {size / 1e6 / seconds:.0f} | {peak:.0f} | {ratio:.2f} |")
                sys.stdout.flush()
            for path in paths:
                os.remove(path)


if __name__ == "__main__":
    main()
