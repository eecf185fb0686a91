"""The command `gridloom` as other processes: run to its end, or as a server that is stopped and killed."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

COMMAND = str(Path(sys.executable).parent / "gridloom")
# Commands of several test processes run beside each other; a test that means a certain port says so.
FREE_PORT = {"GRIDLOOM_OCPP_PORT": "0"}
_ADDRESS = re.compile(r"gridloom is running at (\S+)")


def environment(var: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A clean environment with a folder of its own: nothing of the caller's settings, home or terminal."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(var.parent),
        "LC_ALL": "C.UTF-8",
        "GRIDLOOM_VAR": str(var),
        **(more or {}),
    }


def gridloom(
    var: Path, *arguments: str, more: Mapping[str, str] | None = None, words: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=environment(var, FREE_PORT | dict(more or {})),
        cwd=var.parent,
        input=words,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Running:
    """`gridloom run` in a process group of its own. start_s: seconds until it said where it is."""

    def __init__(self, var: Path, *arguments: str, more: Mapping[str, str] | None = None) -> None:
        self.var = var
        self.log = var.parent / f"{var.name}.log"
        self.output = ""
        self._began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [COMMAND, "run", "--port", "0", *arguments],
                env=environment(var, FREE_PORT | dict(more or {})),
                cwd=var.parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.start_s = 0.0
        self.url = ""

    def wait(self, until: str = "gridloom is running at") -> "Running":
        """Read on until a line holds this; AssertionError when the process ends before."""
        for line in self._lines():
            self.output += line
            if found := _ADDRESS.search(line):
                self.url = found[1]
            if until in line:
                self.start_s = time.monotonic() - self._began
                threading.Thread(target=self._drain, daemon=True).start()
                return self
        raise AssertionError(f"it ended with {self.process.wait()}: {self.output}{self.log.read_text()[-2000:]}")

    def end(self, number: int = signal.SIGINT) -> int:
        """Ask it to end, and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def kill(self) -> None:
        """kill -9 of the leader of the process group."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)

    def _lines(self) -> Iterator[str]:
        assert self.process.stdout is not None
        return iter(self.process.stdout)

    def _drain(self) -> None:
        for line in self._lines():
            self.output += line


def processes_of(folder: Path) -> list[int]:
    """Every process that works in this folder: its server, and what the server started."""
    entries = [each for each in Path("/proc").iterdir() if each.name.isdigit()]
    return [int(each.name) for each in entries if str(folder) in _traces(each)]


def _traces(entry: Path) -> str:
    """Command line, environment and folder of a process; empty when it is gone."""
    try:
        words = (entry / "cmdline").read_bytes() + b" " + (entry / "environ").read_bytes()
        return words.replace(b"\0", b" ").decode(errors="replace") + str((entry / "cwd").readlink())
    except OSError:
        return ""


def postmaster(var: Path) -> int:
    """The process of the embedded server."""
    return int((var / "postgres" / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
