"""Every file of the corpus is refused by name and cause, in time and little memory, and nothing else happens."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import hostile
import pytest
from guarded import BYTES, SECONDS, Worker, small_model
from hostile_parts import FILES


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as process:
        yield process


def state(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.mark.parametrize("name", FILES)
def test_it_is_refused(
    name: str, worker: Worker, tmp_path: Path, counts: Counter, worst: Callable[[str, str, float], None]
) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name].make())
    before = state(tmp_path)
    told = worker.load(path)
    assert told["outcome"] == "refused", f"{FILES[name].attack} {told}"
    assert told["seconds"] <= SECONDS and told["bytes"] <= BYTES
    assert re.search(FILES[name].cause, told["text"].replace(os.fspath(path), "")), told["text"][:1000]
    assert state(tmp_path) == before
    counts["hostile files", "refused"] += 1
    worst("hostile files", "seconds", told["seconds"])
    worst("hostile files", "MiB", told["bytes"] / (1 << 20))


def test_the_good_files_load(worker: Worker, tmp_path: Path) -> None:
    """The guard forbids nothing that a file of ours needs, and what it forbids is noticed."""
    model = small_model()
    model.save(tmp_path / "good.keras")
    model.save(tmp_path / "good.h5")
    model.save_weights(tmp_path / "good.weights.h5")
    for name in ("good.keras", "good.h5", "good.weights.h5"):
        assert worker.load(tmp_path / name)["outcome"] == "loaded"
    told = worker.load(tmp_path / "elsewhere" / ".." / "good.keras")
    assert told["outcome"] == "refused"


def test_the_corpus_is_written(tmp_path: Path) -> None:
    """By the same functions, each file as it is named; there are enough of them."""
    assert len(FILES) >= 80
    few = dict(list(FILES.items())[:3])
    paths = hostile.write(tmp_path / "folder", few)
    assert sorted(os.listdir(tmp_path / "folder")) == sorted(paths) == sorted(few)
