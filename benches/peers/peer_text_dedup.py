"""text-dedup: its MinHash command with 5-grams, 128 permutations, 0.8; then its data set written as JSON Lines."""

import shutil
import subprocess
import sys
import tempfile

from common import arguments


def main():
    parts, output, threads = arguments()
    work = tempfile.mkdtemp(prefix="peer-text-dedup-")
    command = [sys.executable, "-m", "text_dedup.minhash", "--path", "json", "--split", "train"]
    command += ["--data_dir", str(parts[0].parent), "--cache_dir", f"{work}/cache", "--output", f"{work}/out"]
    command += ["--column", "text", "--batch_size", "10000", "--num_proc", str(threads), "--hash_func", "xxh3"]
    command += ["--ngram", "5", "--min_length", "1", "--threshold", "0.8", "--num_perm", "128"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    import datasets

    datasets.load_from_disk(f"{work}/out").to_json(output, num_proc=threads, force_ascii=False)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
