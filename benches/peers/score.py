"""Which records are missing in OUTPUT, held against the truth of `unecho synth`.

usage: score.py DIR OUTPUT   (DIR as `unecho synth -o DIR` left it)

A copy has to go if the Jaccard similarity of its 5-grams of words to those of its original is 0.8 or more, computed here
from both texts. A document that went was rightly removed if one that is so similar stayed. Prints JSON.
"""

import json
import pathlib
import sys

from common import grams, lines

THRESHOLD = 0.8


def jaccard(a, b):
    shared = len(a & b)
    return shared / max(len(a) + len(b) - shared, 1)


def share(hits):
    hits = list(hits)
    return {"hits": sum(hits), "of": len(hits), "value": round(sum(hits) / len(hits), 4) if hits else None}


def main():
    made = pathlib.Path(sys.argv[1])
    texts = {}
    for line in lines(sorted((made / "corpus").glob("*.jsonl"))):
        record = json.loads(line)
        texts[record["id"]] = record["text"]
    kept = {json.loads(line)["id"] for line in lines([sys.argv[2]])}
    facts = [json.loads(line) for line in lines([made / "truth.jsonl"])]
    original = {fact["copy"]: fact["original"] for fact in facts if "copy" in fact}
    family = {}
    for copy, of in original.items():
        family.setdefault(of, [of]).append(copy)
    alike = lambda a, b: texts[a] == texts[b] or jaccard(grams(texts[a]), grams(texts[b])) >= THRESHOLD
    due = [copy for copy, of in original.items() if alike(copy, of)]
    gone = [i for i in texts if i not in kept]
    rightly = lambda i: any(j in kept and alike(i, j) for j in family.get(original.get(i, i), []))
    # a copy is done with if it went, or if its original went in its place
    done = lambda copy: copy not in kept or original[copy] not in kept
    print(
        json.dumps(
            {"removed": len(gone), "recall": share(map(done, due)), "precision": share(map(rightly, gone))}
        )
    )


if __name__ == "__main__":
    main()
