"""rensa (Rust): R-MinHash of 128 permutations in one batch, LSH of 16 bands; its batch interface, the fastest it has."""

import os

from common import arguments, grams, lines, text_of, write


def main():
    parts, output, threads = arguments()
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    from rensa import RMinHash, RMinHashDeduplicator

    everything = list(lines(parts))
    signatures = RMinHash.from_token_sets([list(grams(text_of(line))) for line in everything], 128, 42)
    deduplicator = RMinHashDeduplicator(threshold=0.8, num_perm=128, use_lsh=True, num_bands=16, seed=42)
    added = deduplicator.add_pairs([(str(i), signature) for i, signature in enumerate(signatures)])
    write(output, [line for line, new in zip(everything, added) if new])


if __name__ == "__main__":
    main()
