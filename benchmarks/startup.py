"""Start-up and memory with everything registered.

    .venv/bin/python benchmarks/startup.py

start: from the command to the first answer, on a database that is there and up to date (the median of several starts), against a
Python process that imports Litestar and uvicorn and answers once. memory: resident size of the process that answers, database not
included.
"""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROUNDS = 3
PORT = 18931
BARE = """
import uvicorn
from litestar import Litestar, get
@get("/health/live")
async def live() -> dict[str, str]: return {"status": "ok"}
uvicorn.run(Litestar([live]), port=18932, log_level="critical")
"""


def wait(port: int) -> None:
    """Until something answers."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1).read()
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
        else:
            return
    raise TimeoutError


def measured(command: list[str], port: int, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds to the first answer, and MB resident after it."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(port)
        seconds = time.perf_counter() - started
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        return seconds, pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def main() -> None:
    """Ours and the bare one in turn."""
    folder = tempfile.mkdtemp(prefix="gridloom-bench-")
    environment = {**os.environ, "GRIDLOOM_VAR": folder, "GRIDLOOM_LOG_LEVEL": "error", "GRIDLOOM_OCPP_PORT": "0"}
    command = [str(Path(sys.executable).parent / "gridloom"), "run", "--port", str(PORT)]
    try:
        first, _ = measured(command, PORT, environment)
        ours, bare = [], []
        for _ in range(ROUNDS):
            bare.append(measured([sys.executable, "-c", BARE], PORT + 1, environment))
            ours.append(measured(command, PORT, environment))
        seconds, ceiling = (statistics.median(each[0] for each in found) for found in (ours, bare))
        memory, floor = (statistics.median(each[1] for each in found) for found in (ours, bare))
        name = "bare Litestar and uvicorn"
        times = f"{seconds:.2f} s of {ceiling:.2f} s (the first time, with a new database: {first:.2f} s)"
        print(f"    {'start / ' + name:<44} {seconds / ceiling:6.2f}   {times}")
        print(f"    {'memory / ' + name:<44} {memory / floor:6.2f}   {memory:.0f} MB of {floor:.0f} MB")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
