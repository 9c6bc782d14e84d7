"""Figures and axes that a notebook shows by themselves, apart from pyplot. Imported when something is drawn."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

DOTS = 200  # an inch, in a notebook's pictures; shown at half their size, so that they are sharp on any screen


class Canvas(Figure):
    """A figure that pyplot does not know: no state to clean up, and nothing is shown twice."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=DOTS)
        width, height = (int(inches * DOTS / 2) for inches in self.get_size_inches())
        return stream.getvalue(), {"width": width, "height": height}


class Panel(Axes):
    """Axes that stand for their figure at the end of a notebook's cell."""

    def _repr_png_(self) -> Any:
        figure = self.get_figure()
        return figure._repr_png_() if isinstance(figure, Canvas) else None


def panel(width: float, height: float) -> Panel:
    """New axes, alone in a new figure of so many inches."""
    axes = Canvas(figsize=(width, height), layout="constrained").add_subplot(axes_class=Panel)
    assert isinstance(axes, Panel)
    return axes
