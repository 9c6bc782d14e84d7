"""Kills training at random moments and lets it go on: python tests/callbacks/kill_and_resume.py --kills 200

Each run is a process that trains a small network with `BackupAndRestore`, a checkpoint after every second batch. It is
killed with SIGKILL at a random moment, mostly before an uninterrupted run would end, started again, and so on until it
comes to its end. After every kill the checkpoint must be complete or absent; at the end every bit must be that of the
uninterrupted run: weights, optimizer, random numbers, the loss of every step, History. The exit status is 1 otherwise.

`--networks` chooses some by a part of their names; `--seed` draws other moments.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
if __name__ == "__main__":
    sys.path[:0] = [os.fspath(HERE.parents[2]), os.fspath(HERE.parent)]

from interrupted_runs import NETWORKS, checksum, trained  # noqa: E402

from tinynet import callbacks  # noqa: E402
from tinynet.saving.checkpoints import read_checkpoint  # noqa: E402


def train(network: str, folder: str) -> None:
    """What the process does that is killed: trains, and prints the checksum of what it ends with."""
    backup = callbacks.BackupAndRestore(Path(folder, "backup"), save_freq=2)
    print(checksum(trained(network, "validation", backup, epochs=12)), flush=True)


def started(network: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, os.fspath(HERE), "--train", network, os.fspath(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def survived(network: str, kills: int, rng: random.Random) -> tuple[int, list[str]]:
    """Kills runs of a network so many times at least; how often it was, and what was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        expected = started(network, Path(folder)).communicate()[0]
        whole = time.perf_counter() - begin
    killed, wrong = 0, []
    while killed < kills and not wrong:
        with tempfile.TemporaryDirectory() as folder:
            backup = Path(folder, "backup")
            while True:
                fresh, begin = not backup.exists(), time.perf_counter()
                process = started(network, Path(folder))
                try:
                    found = process.communicate(timeout=rng.uniform(0.3, 1.5) * whole)[0]
                    if fresh:
                        whole = time.perf_counter() - begin  # the machine may be busier, or less so, than at first
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                    killed += 1
                names = {path.name for path in backup.iterdir()} if backup.exists() else set()
                if any(not name.startswith(".latest.checkpoint.") for name in names - {"latest.checkpoint"}):
                    wrong.append(f"{network}: the folder holds {sorted(names)}")
                if "latest.checkpoint" in names:
                    read_checkpoint(backup / "latest.checkpoint")  # raises where it is not complete
            if found != expected or backup.exists():
                wrong.append(f"{network}: ended with {found!r} instead of {expected!r}")
    return killed, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="how many in all, at least (200)")
    parser.add_argument("--networks", default="", help="only those with this in their name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train", nargs=2, help=argparse.SUPPRESS)
    settings = parser.parse_args()
    if settings.train:
        train(*settings.train)
        return
    rng = random.Random(settings.seed)
    chosen = [network for network in NETWORKS if settings.networks in network]
    problems = []
    for network in chosen:
        killed, wrong = survived(network, -(-settings.kills // len(chosen)), rng)
        problems += wrong
        told = "; ".join(wrong) or "every run ended with the bits of one that was not killed"
        print(f"{network}: {killed} kills, {told}", flush=True)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
