"""`Progbar`: a progress bar for a loop of your own."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tinynet.arguments import one_of
from tinynet.errors import ArgumentError


class Progbar:
    """Shows how far a loop is, and values with it, as a line that is written again and again.

    target: how many steps there are; None where that is not known. width: of the bar in letters.
    verbose: 0 shows nothing, 1 the bar, 2 one line at the end. interval: the least seconds from one line to the next.
    stateful_metrics: names of the values that are shown as they are; the others are shown as their means over the steps.
    stateless_metrics: instead of these, the names of the values that are shown as means. unit_name: of a step.

    Raises `ArgumentError` where both lists are given.

    Source: https://keras.io/api/utils/python_utils/

    >>> bar = Progbar(2, width=4, verbose=2)
    >>> bar.update(1, [("loss", 1.0)])
    >>> bar.update(2, [("loss", 3.0)])  # doctest: +ELLIPSIS
    2/2 - 0s - ... - loss: 2.0000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ArgumentError("Progbar: either stateful_metrics or stateless_metrics can be given, received both")
        self.target, self.width, self.interval, self.unit_name = target, width, interval, unit_name
        self.verbose = one_of("Progbar", "verbose", verbose, (0, 1, 2))
        self._stateful = frozenset(stateful_metrics or ())
        self._stateless = None if stateless_metrics is None else frozenset(stateless_metrics)
        self._sums: dict[str, tuple[float, int]] = {}  # a value times its steps, and these steps
        self._seen = 0
        self._started = time.perf_counter()
        self._shown = 0.0  # when
        self._length = 0  # of the line that stands there

    def _averaged(self, name: str) -> bool:
        return name not in self._stateful if self._stateless is None else name in self._stateless

    def update(self, current: int, values: Sequence[tuple[str, Any]] | None = None, finalize: bool | None = None) -> None:
        """Shows that `current` steps are done.

        values: pairs of a name and its value over the latest steps. finalize: whether this is the end; without it when
        the target is reached.
        """
        finalize = (self.target is not None and current >= self.target) if finalize is None else finalize
        steps = max(current - self._seen, 1)
        for name, value in values or ():
            value = float(np.mean(np.asarray(value)))
            total, count = self._sums.get(name, (0.0, 0)) if self._averaged(name) else (0.0, 0)
            self._sums[name] = total + value * steps, count + steps
        self._seen = current
        now = time.perf_counter()
        if self.verbose == 1 and (finalize or now - self._shown >= self.interval):
            self._shown = now
            self._write(self._line(now - self._started, finalize), finalize)
        elif self.verbose == 2 and finalize:
            print(self._line(now - self._started, finalize), flush=True)

    def add(self, n: int, values: Sequence[tuple[str, Any]] | None = None) -> None:
        """Shows that `n` more steps are done; values as in `update`."""
        self.update(self._seen + n, values)

    def _line(self, elapsed: float, finalize: bool) -> str:
        each = elapsed / max(self._seen, 1)
        pace = f"{each:.0f}s" if each >= 1 else f"{each * 1e3:.0f}ms" if each >= 1e-3 else f"{each * 1e6:.0f}us"
        parts = [f"{self._seen}/{'?' if self.target is None else self.target}"]
        if self.verbose == 1 and self.target:
            full = int(self.width * min(self._seen / self.target, 1))
            parts[0] += " " + "━" * full + "·" * (self.width - full)
        known = self.target is not None and not finalize
        parts += [f"{each * max((self.target or 0) - self._seen, 0) if known else elapsed:.0f}s", f"{pace}/{self.unit_name}"]
        parts += [f"{name}: {_number(total / max(count, 1))}" for name, (total, count) in self._sums.items()]
        return " - ".join(parts)

    def _write(self, line: str, finalize: bool) -> None:
        sys.stdout.write("\r" + line.ljust(self._length) + ("\n" if finalize else ""))
        sys.stdout.flush()
        self._length = len(line)


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) > 1e-3 or not value else f"{value:.4e}"
