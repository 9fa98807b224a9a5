"""usage: measure.py PEER RUN COMMAND…: runs it, and prints seconds, processor time and peak memory as JSON.

Processor time is that of all its processes, also of those that it leaves behind (servers that fork workers): they are
inherited and waited for. Peak memory is that of the largest process.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36


def main():
    peer, run, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with open(os.environ.get("PEER_LOG", os.devnull), "ab") as log:
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=log, stderr=log)
        seconds = time.perf_counter() - started
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = {"peer": peer, "run": run, "seconds": round(seconds, 3), "user": round(used.ru_utime, 3)}
    measured |= {"system": round(used.ru_stime, 3), "peak_mb": round(used.ru_maxrss / 1024, 1)}
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
