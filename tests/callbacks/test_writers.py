"""Callbacks that write: CSV files beside Keras's, TensorBoard's files read by TensorFlow, a server, pictures."""

from __future__ import annotations

import http.server
import json
import sys
import threading
import urllib.parse
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import KERAS, TINYNET, twins

import tinynet
from tinynet.callbacks import CSVLogger, LivePlot, RemoteMonitor, TensorBoard
from tinynet.errors import ArgumentError, MissingDependencyError, MissingFileError


def pair() -> tuple[Any, Any]:
    build = lambda library: [library.layers.Input((4,)), library.layers.Dense(3, name="out")]  # noqa: E731
    return twins(build, optimizer=lambda library: library.optimizers.SGD(0.125), loss="mse", metrics=["mae"])


def data() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(10, 4)).astype("float32"), generator.normal(size=(10, 3)).astype("float32")


NUMBERS = st.one_of(st.floats(-2, 2), st.just(float("nan")), st.just(np.array([0.5, 1.0])))
EPOCHS = st.lists(st.dictionaries(st.sampled_from(["loss", "mae", "val_loss", "a b"]), NUMBERS), min_size=1, max_size=4)


@settings(max_examples=20)
@given(EPOCHS, st.sampled_from([",", ";", "\t"]), st.booleans())
def test_csv_files_are_those_of_keras(tmp_path_factory: Any, epochs: list[Any], separator: str, append: bool) -> None:
    folder = tmp_path_factory.mktemp("csv")
    files = []
    for library in (TINYNET, KERAS):
        path = folder / library.name
        logger = library.callbacks.CSVLogger(path, separator=separator, append=append)
        for _ in range(2):
            logger.on_train_begin()
            for epoch, logs in enumerate(epochs):
                logger.on_epoch_end(epoch, dict(logs))
            logger.on_train_end()
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_the_csv_file_of_a_training(tmp_path: Path) -> None:
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        model.fit(*data(), epochs=4, verbose=0, shuffle=False, validation_data=data(), validation_freq=3,
                  callbacks=[library.callbacks.CSVLogger(tmp_path / library.name)])  # fmt: skip
    own, expected = ((tmp_path / library.name).read_text().splitlines() for library in (TINYNET, KERAS))
    assert own[0] == expected[0] == "epoch,loss,mae,val_loss,val_mae"
    for one, other in zip(own[1:], expected[1:], strict=True):
        assert [cell == "NA" for cell in one.split(",")] == [cell == "NA" for cell in other.split(",")]
        numbers = [[float(cell) for cell in line.split(",") if cell != "NA"] for line in (one, other)]
        np.testing.assert_allclose(*numbers, rtol=1e-4)


def test_csv_files_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="expected separator to be one character, received '::'"):
        CSVLogger("log.csv", separator="::")
    model, _ = pair()
    with pytest.raises(MissingFileError, match="the folder .* is not there"):
        model.fit(*data(), verbose=0, callbacks=[CSVLogger(tmp_path / "no" / "log.csv")])
    assert model.optimizer.iterations.item() == 0


class Server:
    """Notes what is posted to it."""

    def __enter__(self) -> Server:
        self.posted: list[tuple[str, str, str, str | None]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805
                body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
                heads = handler.headers
                self.posted.append((handler.path, heads["Content-Type"], body, heads.get("X-Token")))
                handler.send_response(200)
                handler.end_headers()

            def log_message(handler, *args: Any) -> None: ...  # noqa: N805

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("as_json", [True, False])
def test_logs_are_sent_to_a_server(as_json: bool) -> None:
    logs = {"loss": 0.5, "f1": np.array([0.25, 1.0]), "mae": np.float32(2)}
    with Server() as server:
        monitor = RemoteMonitor(server.root, "/end/", headers={"X-Token": "secret"}, send_as_json=as_json)
        monitor.on_epoch_end(3, logs)
    ((path, kind, body, token),) = server.posted
    assert (path, token) == ("/end/", "secret")
    assert kind == ("application/json" if as_json else "application/x-www-form-urlencoded")
    text = body if as_json else urllib.parse.parse_qs(body)["data"][0]
    assert json.loads(text) == {"epoch": 3, "loss": 0.5, "f1": [0.25, 1.0], "mae": 2.0}


def test_a_server_that_is_not_there_is_a_warning() -> None:
    with Server() as server:
        root = server.root
    model, _ = pair()
    with pytest.warns(UserWarning, match=f"RemoteMonitor: could not reach the server at {root}"):
        model.fit(*data(), verbose=0, callbacks=[RemoteMonitor(root)])
    for wrong in ("localhost:9000", "file:///etc/passwd"):
        with pytest.raises(ArgumentError, match="expected root to begin with http:// or https://"):
            RemoteMonitor(wrong)


def summaries(folder: Path) -> dict[tuple[str, str, int], Any]:
    """What TensorFlow reads in TensorBoard's files: kind and numbers by folder, tag and step."""
    from tensorflow.core.util import event_pb2
    from tensorflow.python.lib.io import tf_record
    from tensorflow.python.framework.tensor_util import MakeNdarray

    found: dict[tuple[str, str, int], Any] = {}
    for path in sorted(folder.rglob("events.out.*")):
        for record in tf_record.tf_record_iterator(str(path)):
            event = event_pb2.Event.FromString(record)
            for value in event.summary.value:
                kind = value.metadata.plugin_data.plugin_name or value.WhichOneof("value")
                number = None
                if kind in ("simple_value", "scalars"):
                    old = value.WhichOneof("value") == "simple_value"
                    number = value.simple_value if old else float(MakeNdarray(value.tensor))
                    kind = "scalars"
                kind = {"histo": "histograms", "image": "images"}.get(kind, kind)
                found[path.parent.name, value.tag, event.step] = (kind, number)
    return found


@pytest.mark.filterwarnings("ignore:.*Deprecated")
@pytest.mark.parametrize(
    "options",
    [{}, {"update_freq": "batch", "histogram_freq": 1, "write_images": True}, {"update_freq": 2, "write_graph": False}],
    ids=str,
)
def test_tensorboard_files_hold_what_keras_writes(options: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    pytest.importorskip("tensorboard")  # Keras needs it to write
    found = []
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        folder = tmp_path / library.name
        # Keras loses values of epochs whose last batch is not one that is written.
        model.fit(*data(), epochs=2, batch_size=5, verbose=0, shuffle=False, validation_data=data(),
                  callbacks=[library.callbacks.TensorBoard(folder, **options)])  # fmt: skip
        found.append(summaries(folder))
    assert len(found[0]) >= 12
    assert {key: kind for key, (kind, _) in found[0].items()} == {key: kind for key, (kind, _) in found[1].items()}
    for key, (kind, number) in found[0].items():
        if kind == "scalars":
            np.testing.assert_allclose(number, found[1][key][1], rtol=1e-4, err_msg=str(key))


def test_tensorboard_needs_its_package_and_refuses_what_needs_tensorflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for option in ({"profile_batch": 2}, {"embeddings_freq": 1}):
        with pytest.raises(ArgumentError, match=f"TensorBoard: {next(iter(option))} is not supported"):
            TensorBoard(tmp_path, **option)
    with pytest.raises(ArgumentError, match="expected update_freq to be a whole number >= 1, received 0"):
        TensorBoard(tmp_path, update_freq=0)
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    model, _ = pair()
    with pytest.raises(MissingDependencyError, match=r"pip install 'tinynet\[tensorboard\]'"):
        model.fit(*data(), verbose=0, callbacks=[TensorBoard(tmp_path)])


def test_live_curves_in_a_file(tmp_path: Path) -> None:
    model, _ = pair()
    plot = LivePlot(every=2, filename=tmp_path / "curves.png")
    model.fit(*data(), epochs=3, verbose=0, validation_data=data(), callbacks=[plot])
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    panels = plot.figure().axes
    assert [panel.get_title() for panel in panels] == ["loss", "mae"]
    history = model.history.history
    for panel, name in zip(panels, ("loss", "mae"), strict=True):
        for line, key in zip(panel.lines, (name, f"val_{name}"), strict=True):
            assert line.get_xdata().tolist() == [1, 2, 3]
            assert line.get_ydata().tolist() == history[key]


def test_live_curves_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, picture: Any) -> None:
            shown.append("updated")

    display = ModuleType("IPython.display")
    display.Image = lambda data: data  # type: ignore[attr-defined]
    display.display = lambda picture, display_id: shown.append("shown") or Handle()  # type: ignore[attr-defined, func-returns-value]
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    model, _ = pair()
    model.fit(*data(), epochs=3, verbose=0, callbacks=[LivePlot(["loss"])])
    assert shown == ["shown", "updated", "updated"]


def test_live_curves_that_cannot_be(tmp_path: Path) -> None:
    model, _ = pair()
    for callback, message in (
        (LivePlot(), "this is no notebook; give a filename"),
        (LivePlot(["maee"], filename=tmp_path / "a.svg"), "'maee' is not among the logs. Did you mean 'mae'"),
    ):
        with pytest.raises(ArgumentError, match=message):
            model.fit(*data(), verbose=0, callbacks=[callback])
    with pytest.raises(ArgumentError, match="expected a filename ending in .png, .svg, .pdf, received 'a.txt'"):
        LivePlot(filename="a.txt")
    with pytest.raises(ArgumentError, match="expected every to be a whole number"):
        LivePlot(every=0)
    assert tinynet.callbacks.LivePlot is LivePlot
