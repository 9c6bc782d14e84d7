"""Loads files that were changed at random: python tests/saving/fuzz.py --inputs 100000 --seed 0 [--jobs 2]

The files start from good ones: small models that tinynet writes, and those of the Keras versions in keras_files/.
Each input is one of them with a few changes: bytes of the file, of a member of the archive, of the HDF5 in it, or
parts of its configuration, which are exchanged for others that are of another kind, huge, missing or repeated.

Each input has a seed of its own, which `--only SEED` makes again. It is loaded in a process that is watched
(guarded.py): it loads, or one of tinynet's errors names the file; anything else is a failure and kept in `--keep`.
The exit status is 1 where there were failures.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import copy
import functools
import io
import json
import os
import random
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [os.fspath(Path(__file__).parents[2]), os.fspath(Path(__file__).parent)]

import h5py
from guarded import Worker, small_model

import tinynet
from tinynet import layers

# Values that configurations are not made for.
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 255, 10**6, 10**9, 2**31, 2**63, 10**14, 10**400, 0.0, -0.5, 1e-30, 1e308,
    float("nan"), float("inf"), "", "a", "relu", "same", "float16", "string", "int64", "/etc/passwd", "../x", "x" * 1000,
    [], {}, [None], [[]], [1, 2], [10**9, 10**9], [-1], {"a": 1}, {"class_name": "Lambda", "config": {}},
    {"class_name": "Dense", "config": {"units": 10**9}}, {"class_name": "__keras_tensor__", "config": {}},
    {"module": "os", "class_name": "function", "config": "system"}, "Dense", "Functional", "Sequential", "LSTM",
]  # fmt: skip
NUMBERS = [0, 1, 2, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 1]
LARGEST_SEED = 200_000  # bytes of a file to start from


def models() -> Iterator[tuple[str, Any]]:
    """Small models of many layers, by names."""
    yield "dense", small_model()
    text = tinynet.Sequential([
        layers.Input((5,), dtype="int32"), layers.Embedding(7, 3, mask_zero=True),
        layers.Bidirectional(layers.LSTM(2, return_sequences=True)), layers.GRU(2), layers.Dense(1, "sigmoid"),
    ])  # fmt: skip
    yield "text", text
    yield "words", tinynet.Sequential([layers.Input((1,), dtype="string"), layers.TextVectorization(vocabulary=["a", "b"])])
    yield "images", tinynet.Sequential([
        layers.Input((8, 8, 2)), layers.Conv2D(2, 3, padding="same"), layers.BatchNormalization(), layers.MaxPooling2D(),
        layers.DepthwiseConv2D(2), layers.UpSampling2D(), layers.ZeroPadding2D(1), layers.Resizing(4, 4), layers.Flatten(),
    ])  # fmt: skip
    x = tinynet.Input((4, 6))
    y = layers.MultiHeadAttention(2, 3)(x, x) + x * 2.0
    z = tinynet.ops.concatenate([layers.LayerNormalization()(y), x[:, ::-1]], axis=-1)
    yield "graph", tinynet.Model(x, layers.Dense(2)(tinynet.ops.mean(z, axis=1)))


@functools.cache
def seeds() -> list[tuple[str, bytes]]:
    """Good files to start from: an ending of the name, and the content."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models():
            if name == "dense":
                model.compile("adam", "mse")
                model.fit([[1.0] * 4] * 2, [[1.0] * 2] * 2, verbose=0)
                model.save_weights(Path(folder) / "dense.weights.h5")
            for ending in (".keras", ".h5"):
                model.save(Path(folder) / f"{name}{ending}")
        found += [(_ending(path.name), path.read_bytes()) for path in sorted(Path(folder).iterdir())]
    for archive in sorted((Path(__file__).parent / "keras_files").glob("*.tar.xz")):
        with tarfile.open(archive) as members:
            for member in members:
                if member.isfile() and member.size <= LARGEST_SEED and member.name.endswith((".keras", ".h5")):
                    stream = members.extractfile(member)
                    if stream is not None and not member.name.endswith((".weights.h5", "_weights.h5")):
                        found.append((_ending(member.name), stream.read()))
    return found


def _ending(name: str) -> str:
    return ".weights.h5" if name.endswith(".weights.h5") else Path(name).suffix


def mutated(seed: int) -> tuple[str, bytes]:
    """An input: the ending of its name, and its content."""
    rng = random.Random(seed)
    ending, content = rng.choice(seeds())
    if content.startswith(b"PK"):
        return ending, _archive(content, rng)
    if ending != ".weights.h5" and rng.random() < 0.6:
        return ending, _legacy_configuration(content, rng)
    return ending, _bytes(content, rng)


def _archive(content: bytes, rng: random.Random) -> bytes:
    way = rng.random()
    if way < 0.15:
        return _bytes(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if way < 0.7:
        name = "config.json" if rng.random() < 0.95 else "metadata.json"
        parts[name] = json.dumps(_configuration(json.loads(parts[name]), rng)).encode()
    elif way < 0.95:
        parts["model.weights.h5"] = _bytes(parts["model.weights.h5"], rng)
    else:
        name = rng.choice(list(parts))
        if rng.random() < 0.5:
            parts[name] = _bytes(parts[name], rng)
        else:
            parts[rng.choice(["assets/x", "../x", "/x", "config.json/", "a\n"])] = parts.pop(name)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()


def _legacy_configuration(content: bytes, rng: random.Random) -> bytes:
    """A file of the older format with a changed configuration, or other attributes that are changed."""
    stream = io.BytesIO(content)
    try:
        with h5py.File(stream, "r+") as file:
            key = rng.choice([k for k in ("model_config", "model_config", "training_config") if k in file.attrs])
            text = file.attrs[key]
            file.attrs[key] = json.dumps(_configuration(json.loads(text), rng))
            if rng.random() < 0.1:
                file.attrs["keras_version"] = rng.choice(["1", "2.2.4", "2.4.0-tf", "3.0.0", "x", "", "2" * 5000])
    except (OSError, KeyError, IndexError, RuntimeError, ValueError):  # too large for an attribute, or none is there
        return _bytes(content, rng)
    return stream.getvalue()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in nested lists and dicts: what holds it, and its key."""
    found, waiting = [], [value]
    while waiting:
        part = waiting.pop()
        keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
        found += [(part, key) for key in keys]
        waiting += [part[key] for key in keys]
    return found


def _configuration(config: Any, rng: random.Random) -> Any:
    """A configuration with one to four parts exchanged."""
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        places = _places(config)
        if not places:
            return config
        holder, key = rng.choice(places)
        way = rng.random()
        if way < 0.45:
            holder[key] = copy.deepcopy(rng.choice(ODD))
        elif way < 0.6:
            other, of = rng.choice(places)
            holder[key] = copy.deepcopy(other[of])
        elif way < 0.75:
            number = holder[key]
            if isinstance(number, (int, float)) and not isinstance(number, bool):
                holder[key] = rng.choice([-number, number + 1, number * 1000, -0.5, str(number)[:100], [number]])
            else:
                holder[key] = rng.choice([[number], {"a": number}, str(number)[:100]])
        elif way < 0.85:
            del holder[key]
        elif isinstance(holder, list):
            holder.extend(copy.deepcopy(holder[key : key + 1] * rng.choice([1, 2, 50])))
        else:
            holder[rng.choice(["units", "name", "layers", "config", "class_name", "evil", f"{key}_"])] = holder[key]
    return config


def _bytes(content: bytes, rng: random.Random) -> bytes:
    """Bytes of which some are exchanged, numbers among them, moved, repeated or left out."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        if not changed:
            break
        at, way = rng.randrange(len(changed)), rng.random()
        if way < 0.35:
            changed[at] ^= 1 << rng.randrange(8)
        elif way < 0.5:
            changed[at] = rng.randrange(256)
        elif way < 0.75:
            size = rng.choice([1, 2, 4, 8])
            at -= at % size
            changed[at : at + size] = (rng.choice(NUMBERS) % 256**size).to_bytes(size, "little")
        elif way < 0.85:
            start, size = rng.randrange(len(changed)), rng.choice([1, 8, 40, 512])
            changed[at : at + size] = changed[start : start + size]
        elif way < 0.9:
            del changed[at : at + rng.choice([1, 8, 100])]
        elif way < 0.95:
            changed[at:at] = changed[at : at + rng.choice([1, 8, 100])]
        else:
            del changed[at:]
    return bytes(changed)


def run(numbers: range, keep: Path) -> tuple[Counter, list[tuple[int, dict[str, Any]]], dict[str, float]]:
    """Loads the inputs of such seeds: what came of how many, the failures, and the most of seconds and bytes."""
    counts: Counter = Counter()
    failures = []
    most = {"seconds": 0.0, "bytes": 0.0}
    with tempfile.TemporaryDirectory() as folder, Worker() as worker:
        for number in numbers:
            ending, content = mutated(number)
            path = Path(folder) / f"input{ending}"
            path.write_bytes(content)
            told = worker.load(path)
            counts[told["outcome"], told["error"]] += 1
            most = {key: max(value, told[key]) for key, value in most.items()}
            if os.listdir(folder) != [path.name] or path.read_bytes() != content:
                told = {"outcome": "failure", "error": "Written", "text": str(os.listdir(folder))}
            if told["outcome"] == "failure":
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{number}{ending}").write_bytes(content)
                failures.append((number, told))
            path.unlink()
    return counts, failures, most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first input's; the others follow")
    parser.add_argument("--jobs", type=int, default=1, help="processes that load at the same time")
    parser.add_argument("--keep", type=Path, default=Path("fuzz_failures"), help="the folder for inputs that failed")
    parser.add_argument("--only", type=int, help="write the input of this seed into --keep and load it")
    settings = parser.parse_args()
    if settings.only is not None:
        ending, content = mutated(settings.only)
        settings.keep.mkdir(parents=True, exist_ok=True)
        path = settings.keep / f"{settings.only}{ending}"
        path.write_bytes(content)
        with Worker() as worker:
            print(json.dumps(worker.load(path), indent=1))
        return
    start, size = time.time(), 500
    first, end = settings.seed, settings.seed + settings.inputs
    parts = [range(at, min(at + size, end)) for at in range(first, end, size)]
    counts: Counter = Counter()
    most = {"seconds": 0.0, "bytes": 0.0}
    failed = 0
    with concurrent.futures.ProcessPoolExecutor(settings.jobs) as pool:
        for own, failures, largest in pool.map(functools.partial(run, keep=settings.keep), parts):
            counts += own
            failed += len(failures)
            most = {key: max(value, largest[key]) for key, value in most.items()}
            for number, told in failures:
                where = told.get("where", "")
                print(f"FAILURE seed {number}: {told['error']}: {told['text'][:300]} {where}", flush=True)
    print(f"{settings.inputs:,} inputs from {len(seeds())} files in {time.time() - start:,.0f} s")
    for (outcome, error), count in sorted(counts.items()):
        print(f"{count:>9,}  {outcome} {error}")
    print(f"{failed:>9,}  failures; at most {most['seconds']:.2f} s and {most['bytes'] / (1 << 20):.0f} MiB for one input")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
