"""`LivePlot`: curves that grow with training, in a notebook or in a file."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.arguments import whole
from tinynet.callbacks.callback import Callback, Logs
from tinynet.errors import ArgumentError, nearest, require

ENDINGS = (".png", ".svg", ".pdf")


class LivePlot(Callback):
    """Draws the logs over the epochs, each with its validation, anew after every epoch; needs the extra 'plot'.

    names: which logs, without val_; all of them by default. every: epochs between two pictures; the last epoch is
        always drawn. filename: a .png, .svg or .pdf file that is overwritten each time; without one the picture is
        shown in the notebook.

    Raises `ArgumentError` outside of a notebook without a filename, and at the end of the first epoch for a name
    that is not logged. This callback is tinynet's own.
    """

    remembered = ("logs", "_last")

    def __init__(
        self, names: Sequence[str] | None = None, every: int = 1, filename: str | os.PathLike[str] | None = None
    ) -> None:
        if names is not None and (isinstance(names, str) or not all(isinstance(name, str) for name in names)):
            raise ArgumentError(f"LivePlot: expected a list of names, received {names!r}")
        self.names = None if names is None else list(names)
        self.every = whole("LivePlot", "every", every)
        self.filename = None if filename is None else os.fspath(filename)
        if self.filename is not None and not self.filename.lower().endswith(ENDINGS):
            raise ArgumentError(
                f"LivePlot: expected a filename ending in {', '.join(ENDINGS)}, received {self.filename!r}"
            )
        self.logs: dict[str, list[tuple[int, float]]] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        self._matplotlib()
        if self.filename is None and "ipykernel" not in sys.modules:
            raise ArgumentError("LivePlot: this is no notebook; give a filename to draw to")
        self.logs = {}
        self._shown: Any = None
        self._last = -1

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        for name in self.names or ():
            if name not in logs:
                raise ArgumentError(f"LivePlot: {name!r} is not among the logs. {nearest(name, logs)}")
        for key, value in logs.items():
            wanted = self.names is None or key.removeprefix("val_") in self.names
            if wanted and np.ndim(value) == 0:
                self.logs.setdefault(key, []).append((epoch + 1, float(value)))
        self._last = epoch
        if (epoch + 1) % self.every == 0:
            self._draw()
            self._last = -1

    def on_train_end(self, logs: Logs = None) -> None:
        if self._last >= 0:
            self._draw()

    def _matplotlib(self) -> Any:
        return require("matplotlib.figure", "plot", "LivePlot")

    def figure(self) -> Any:
        """The picture so far: a matplotlib figure with a panel for each log."""
        names = [name for name in self.logs if not name.startswith("val_")]
        figure = self._matplotlib().Figure(figsize=(4.5 * max(len(names), 1), 3.2), layout="constrained")
        panels = figure.subplots(1, max(len(names), 1), squeeze=False)[0]
        for panel, name in zip(panels, names, strict=False):
            for key, label, line in ((name, "training", "-"), (f"val_{name}", "validation", "--")):
                if key in self.logs:
                    epochs, values = zip(*self.logs[key], strict=True)
                    panel.plot(epochs, values, line, label=label, marker="." if len(epochs) < 30 else None)
            panel.set_title(name)
            panel.set_xlabel("epoch")
            panel.legend()
            panel.xaxis.get_major_locator().set_params(integer=True)
        return figure

    def _draw(self) -> None:
        figure = self.figure()
        if self.filename is not None:
            figure.savefig(self.filename)
            return
        display = require("IPython.display", "plot", "a picture in a notebook")
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
        picture = display.Image(data=stream.getvalue())
        if self._shown is None:
            self._shown = display.display(picture, display_id=True)
        else:
            self._shown.update(picture)
