"""datasketch: 128 permutations, LSH at 0.8 with its own choice of bands; the first of each bucket stays."""

import multiprocessing

from common import arguments, grams, lines, text_of, write
from datasketch import LeanMinHash, MinHash, MinHashLSH


def sign(line):
    signature = MinHash(num_perm=128, seed=1)
    signature.update_batch([gram.encode() for gram in grams(text_of(line))])
    return LeanMinHash(signature)


def main():
    parts, output, threads = arguments()
    everything = list(lines(parts))
    with multiprocessing.Pool(threads) as pool:
        signatures = pool.map(sign, everything, chunksize=256)
    lsh = MinHashLSH(threshold=0.8, num_perm=128)
    kept = []
    for i, (line, signature) in enumerate(zip(everything, signatures)):
        if not lsh.query(signature):
            lsh.insert(i, signature)
            kept.append(line)
    write(output, kept)


if __name__ == "__main__":
    main()
