"""datatrove: its four stages of MinHash with its defaults, 14 buckets of 8 hashes over 5-grams of words."""

import glob
import shutil
import tempfile

from common import arguments
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.typeshelper import Languages


def main():
    parts, output, threads = arguments()
    work = tempfile.mkdtemp(prefix="peer-datatrove-")
    corpus, tasks = str(parts[0].parent), len(parts)
    config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)

    def run(name, pipeline, tasks):
        LocalPipelineExecutor(
            pipeline=pipeline, tasks=tasks, workers=threads, logging_dir=f"{work}/logs/{name}", skip_completed=False
        ).run()

    reader = JsonlReader(corpus, glob_pattern="*.jsonl")
    signatures, buckets, removed, out = (f"{work}/{name}" for name in ("signatures", "buckets", "removed", "out"))
    run("1", [reader, MinhashDedupSignature(signatures, config=config, language=Languages.english)], tasks)
    run("2", [MinhashDedupBuckets(signatures, buckets, config=config)], config.num_buckets)
    run("3", [MinhashDedupCluster(buckets, removed, config=config)], 1)
    run("4", [reader, MinhashDedupFilter(removed), JsonlWriter(out, compression=None)], tasks)
    with open(output, "wb") as file:
        for part in sorted(glob.glob(f"{out}/*")):
            with open(part, "rb") as written:
                shutil.copyfileobj(written, file)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
