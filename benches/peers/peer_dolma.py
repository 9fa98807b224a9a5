"""dolma: exact repeated paragraphs by its Bloom filter (another job: it knows no near duplicates), then its mixer.

Only its Rust part is loaded: what its Python part needs does not resolve.
"""

import glob
import gzip
import importlib.util
import json
import pathlib
import shutil
import sys
import tempfile

from common import arguments


def rust_part():
    for place in sys.path:
        for path in glob.glob(f"{place}/dolma/dolma*.so"):
            spec = importlib.util.spec_from_file_location("dolma", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise SystemExit("dolma is not installed")


def main():
    parts, output, threads = arguments()
    dolma = rust_part()
    work = pathlib.Path(tempfile.mkdtemp(prefix="peer-dolma-"))
    # it reads compressed files below `documents` only; compressing them is not counted by the caller's clock elsewhere either
    (work / "documents").mkdir()
    for part in parts:
        with open(part, "rb") as plain, gzip.open(work / "documents" / f"{part.name}.gz", "wb", compresslevel=1) as packed:
            shutil.copyfileobj(plain, packed)
    deduper = {
        "documents": [f"{work}/documents/*.gz"],
        "work_dir": {"input": f"{work}/in", "output": f"{work}/tmp"},
        "dedupe": {
            "name": "repeats",
            "paragraphs": {"attribute_name": "repeats", "paragraph_separator": "\n\n"},
            "skip_empty": True,
            "min_length": 0,
            "min_words": 0,
        },
        "bloom_filter": {
            "file": f"{work}/filter.bin",
            "size_in_bytes": 0,
            "read_only": False,
            "estimated_doc_count": 4_000_000,
            "desired_false_positive_rate": 1e-6,
        },
        "processes": threads,
        "is_s3_volume": False,
    }
    dolma.deduper_entrypoint(json.dumps(deduper))
    with open(output, "w", encoding="utf-8") as out:
        for part in sorted((work / "documents").iterdir()):
            with gzip.open(part, "rt", encoding="utf-8") as records, gzip.open(
                work / "attributes" / "repeats" / part.name, "rt", encoding="utf-8"
            ) as attributes:
                for record, attribute in zip(records, attributes):
                    out.write(cut(record, json.loads(attribute)["attributes"].get("repeats", [])))
    shutil.rmtree(work)


def cut(record, spans):
    if not spans:
        return record
    record = json.loads(record)
    text, left, at = record["text"], [], 0
    for start, end, _ in spans:
        left.append(text[at:start])
        at = end
    record["text"] = "".join(left + [text[at:]])
    return json.dumps(record, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
