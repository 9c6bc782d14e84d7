"""Writers of small files in the official forms, a server on the loopback, and the real data's place."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cifar10_files import python2_pickle

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
