"""Writers of small files in the official forms, a server on the loopback, and the real data's place."""

from __future__ import annotations

import http.server
import os
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinynet.datasets import cifar10, nusax_sentiment

REAL_DATA = os.environ.get("TINYNET_DATA")
REAL_DATA = str(Path(REAL_DATA).resolve()) if REAL_DATA else None


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The cache folder of a user who has no data, and no way to the network."""
    monkeypatch.delenv("TINYNET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    nowhere = "http://127.0.0.1:9"  # the discard port, where nothing listens
    monkeypatch.setattr(cifar10, "_URL", f"{nowhere}/cifar-10-python.tar.gz")
    monkeypatch.setattr(nusax_sentiment, "_URL", nowhere)
    return tmp_path / "cache" / "tinynet"


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the real data, which cannot be shipped with the tests."""
    if REAL_DATA is None:
        pytest.skip("TINYNET_DATA is not set")
    monkeypatch.setenv("TINYNET_DATA", REAL_DATA)
    return Path(REAL_DATA)


class Server:
    """Serves the files of one folder over HTTP on the loopback and counts the requests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[str] = []
        self.cut_short = False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append(self.path)
                file = outer.folder / self.path.lstrip("/")
                if not file.is_file():
                    self.send_error(404)
                    return
                body = file.read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if outer.cut_short else body)

            def log_message(self, *args: object) -> None:
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "served"
    folder.mkdir()
    running = Server(folder)
    yield running
    running.close()


def _text(value: str) -> bytes:
    raw = value.encode("latin-1")
    return b"U" + bytes([len(raw)]) + raw if len(raw) < 256 else b"T" + struct.pack("<i", len(raw)) + raw


def _integer(value: int) -> bytes:
    return b"K" + bytes([value]) if 0 <= value < 256 else b"J" + struct.pack("<i", value)


def _array(value: np.ndarray, shape: tuple[int, ...] | None, dtype: str | None) -> bytes:
    sizes = b"".join(_integer(n) for n in (value.shape if shape is None else shape))
    return b"".join(
        [
            b"cnumpy.core.multiarray\n_reconstruct\n",
            b"cnumpy\nndarray\n" + _integer(0) + b"\x85" + _text("b") + b"\x87R",
            b"(" + _integer(1) + b"(" + sizes + b"t",
            b"cnumpy\ndtype\n" + _text(dtype or value.dtype.str[1:]) + _integer(0) + _integer(1) + b"\x87R",
            b"(" + _integer(3) + _text("|") + b"NNN" + _integer(-1) + _integer(-1) + _integer(0) + b"tb",
            b"\x89T" + struct.pack("<i", value.nbytes) + value.tobytes() + b"tb",
        ]
    )


def python2_pickle(
    content: dict[str, Any], shape: tuple[int, ...] | None = None, dtype: str | None = None
) -> bytes:
    """`content` as Python 2 pickles it, or with another shape or dtype stated for its arrays.

    Python 3 cannot write this form, since its own byte strings pickle otherwise.
    """

    def value_of(value: Any) -> bytes:
        if isinstance(value, np.ndarray):
            return _array(value, shape, dtype)
        if isinstance(value, list):
            return b"](" + b"".join(map(value_of, value)) + b"e"
        return _text(value) if isinstance(value, str) else _integer(value)

    items = b"".join(_text(key) + value_of(value) for key, value in content.items())
    return b"\x80\x02}(" + items + b"u."


def batch(batch_label: str, rows: int, seed: int = 0) -> dict[str, Any]:
    """The dictionary of one CIFAR-10 batch with random images."""
    generator = np.random.default_rng(seed)
    return {
        "batch_label": batch_label,
        "labels": generator.integers(0, 10, rows).tolist(),
        "data": generator.integers(0, 256, (rows, 3072), np.uint8),
        "filenames": [f"image_{row}.png" for row in range(rows)],
    }


@pytest.fixture
def make_cifar10() -> Callable[[Path], dict[str, dict[str, Any]]]:
    """Writes the six files of a small CIFAR-10 into a folder and returns what they hold."""

    def write(folder: Path) -> dict[str, dict[str, Any]]:
        folder.mkdir(parents=True)
        batches = {f"data_batch_{n}": batch(f"training batch {n} of 5", 2 + n, n) for n in range(1, 6)}
        batches["test_batch"] = batch("testing batch 1 of 1", 4, 6)
        for name, content in batches.items():
            (folder / name).write_bytes(python2_pickle(content))
        return batches

    return write


@pytest.fixture
def write_pickle() -> Callable[..., bytes]:
    return python2_pickle


@pytest.fixture
def make_batch() -> Callable[..., dict[str, Any]]:
    return batch
