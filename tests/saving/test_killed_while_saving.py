"""A process that is killed while it saves leaves the old file or the new one, whole, under the name; nothing else.

    python -m pytest tests/saving/test_killed_while_saving.py          30 kills
    TINYNET_KILLS=1000 python -m pytest tests/saving/test_killed_while_saving.py
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import tinynet
from tinynet import layers

KILLS = int(os.environ.get("TINYNET_KILLS", "30"))
UNITS = 200

# Saves models whose weights are all 1, all 2 and so on, and says when it has saved the first of them.
SAVING = """
import sys, itertools, numpy as np
from test_killed_while_saving import model, save
built = model()
for number in itertools.count(1):
    built.set_weights([np.full(w.shape, number, "float32") for w in built.weights])
    save(built, sys.argv[1])
    if number == 1:
        print("saved", flush=True)
"""


def model() -> tinynet.Model:
    return tinynet.Sequential([layers.Input((UNITS,)), layers.Dense(UNITS), layers.Dense(UNITS)])


def save(built: tinynet.Model, path: str) -> None:
    built.save_weights(path) if path.endswith(".weights.h5") else built.save(path)


def loaded(path: Path) -> tinynet.Model:
    if not path.name.endswith(".weights.h5"):
        return tinynet.models.load_model(path)
    built = model()
    built.load_weights(path)
    return built


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_the_old_file_or_the_new_one(ending: str, tmp_path: Path, counts: Counter) -> None:
    rng = random.Random(ending)
    path = tmp_path / f"model{ending}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.fspath(Path(__file__).parent), *sys.path])}
    for _ in range(KILLS // 3):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVING, os.fspath(path)], stdout=subprocess.PIPE, env=environment
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"saved\n"
        time.sleep(rng.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        values = {float(value) for weights in loaded(path).get_weights() for value in np.unique(weights)}
        assert len(values) == 1, "the file mixes two models"
        others = [name for name in os.listdir(tmp_path) if name != path.name]
        assert all(name.startswith(f".{path.name}.") and not name.endswith((".keras", ".h5")) for name in others)
        counts["killed while saving", f"{ending} files whole"] += 1
    # What the killed left is put away by those that save after them, once no other process can be at it.
    written = tmp_path / f".{path.name}.abcd_012"
    written.write_bytes(b"of another process")
    for other in tmp_path.iterdir():
        if other not in (path, written):
            os.utime(other, (0, 0))
    (tmp_path / f".{path.name}.mine").write_bytes(b"not one of these")
    os.utime(tmp_path / f".{path.name}.mine", (0, 0))
    save(model(), os.fspath(path))
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, written.name, f".{path.name}.mine"])
