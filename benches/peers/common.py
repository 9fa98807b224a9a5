"""What every driver shares: records in, n-grams, records out. Ours; nothing of a peer is copied here."""

import json
import pathlib
import re
import sys

WORD = re.compile(r"\w+")


def arguments():
    """INPUT (a directory of JSON Lines), OUTPUT (a file), THREADS."""
    corpus, output, threads = sys.argv[1:4]
    return sorted(pathlib.Path(corpus).glob("*.jsonl")), output, int(threads)


def lines(parts):
    for part in parts:
        with open(part, encoding="utf-8") as file:
            yield from file


def grams(text, n=5):
    """The set of runs of n lower-cased words."""
    words = WORD.findall(text.lower())
    return {" ".join(words[i : i + n]) for i in range(len(words) - n + 1)}


def text_of(line):
    return json.loads(line)["text"]


def write(output, kept):
    with open(output, "w", encoding="utf-8") as file:
        file.writelines(kept)
