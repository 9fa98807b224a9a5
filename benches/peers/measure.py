"""usage: measure.py PEER RUN COMMAND…: runs it, and prints seconds, processor time and peak memory as JSON."""

import json
import resource
import subprocess
import sys
import time

peer, run, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
started = time.perf_counter()
subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=sys.stderr if run < 1 else subprocess.DEVNULL)
seconds = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
measured = {"peer": peer, "run": run, "seconds": round(seconds, 3), "user": round(used.ru_utime, 3)}
measured |= {"system": round(used.ru_stime, 3), "peak_mb": round(used.ru_maxrss / 1024, 1)}
print(json.dumps(measured))
