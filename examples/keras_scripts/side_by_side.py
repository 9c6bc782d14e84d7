"""Runs the scripts of this folder with Keras and with tinynet, from the same weights, and compares the numbers.

A script is read twice, once as it stands and once with its line `import tinynet as keras` turned into `import keras`.
The tinynet models get the first weights of the Keras models; dropout, augmentation and sampling are off and nothing
is shuffled, so that arithmetic alone is compared (docs/training.md has runs after a seed). Compared are the loss after every step (the running mean
of the epoch, as Keras logs it), the history of every epoch, and the predictions at the end.

    python examples/keras_scripts/side_by_side.py --samples 1280 --epochs 3
    python examples/keras_scripts/side_by_side.py bidirectional_lstm --float64
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import tinynet

FOLDER = Path(__file__).parent
SCRIPTS = (
    "image_classification_from_scratch", "bidirectional_lstm", "multiple_inputs_and_outputs",
    "layers_and_models_via_subclassing", "transfer_learning",
)  # fmt: skip
THE_LINE = "import tinynet as keras\n"


class Run(NamedTuple):
    """What one library gave: the running loss after each step, the histories of each `fit`, the predictions."""

    losses: list[float]
    histories: list[dict[str, list[float]]]
    predictions: np.ndarray


class Comparison(NamedTuple):
    """A script's two runs."""

    theirs: Run
    ours: Run

    def differences(self) -> dict[str, float]:
        """The largest difference of each kind: of losses and logs relative to Keras's, of predictions absolute."""
        logs = [
            relative(ours[key], theirs[key])
            for theirs, ours in zip(self.theirs.histories, self.ours.histories, strict=True)
            for key in theirs
        ]
        return {
            "losses of steps": relative(self.ours.losses, self.theirs.losses),
            "logs of epochs": max(logs),
            "predictions": float(np.abs(self.ours.predictions - self.theirs.predictions).max()),
        }


def relative(ours: Any, theirs: Any) -> float:
    """The largest |ours − theirs| / |theirs|, or the difference itself where Keras has 0."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return float((np.abs(ours - theirs) / np.where(theirs == 0, 1, np.abs(theirs))).max())


def script(name: str, library: types.ModuleType) -> types.ModuleType:
    """A script as a module, with `library` in the place of tinynet."""
    path = FOLDER / f"{name}.py"
    source = path.read_text(encoding="utf-8")
    if source.count(THE_LINE) != 1:
        raise ValueError(f"{path} must have the line {THE_LINE.strip()!r} once")
    module = types.ModuleType(f"{name} with {library.__name__}")
    exec(compile(source.replace(THE_LINE, f"import {library.__name__} as keras\n"), path, "exec"), vars(module))
    return module


@contextlib.contextmanager
def floatx(dtype: str) -> Iterator[None]:
    """Both libraries compute in this dtype."""
    before = keras.config.floatx(), tinynet.config.floatx()
    keras.config.set_floatx(dtype)
    tinynet.config.set_floatx(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        tinynet.config.set_floatx(before[1])


def recorder(library: Any, losses: list[float]) -> Any:
    """A callback that notes the loss after each step."""

    class Recorder(library.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            losses.append(float(logs["loss"]))

    return Recorder()


def compared(name: str, samples: int, epochs: int, dtype: str = "float32", **sizes: Any) -> Comparison:
    """Trains a script's models with both libraries from the weights that Keras drew.

    sizes: of the network, as the script's `make_models` takes them.
    """
    runs: list[Run] = []
    weights: list[list[np.ndarray]] = []
    data = None
    keras.utils.set_random_seed(0)
    with floatx(dtype):
        for library in (keras, tinynet):
            library.utils.clear_session()
            module = script(name, library)
            data = data or module.load_data(samples)
            models = module.make_models(randomness=False, **sizes)
            if not weights:
                weights = [model.get_weights() for model in models]
            for model, first in zip(models, weights, strict=True):
                model.set_weights(first)
            losses: list[float] = []
            with contextlib.redirect_stdout(io.StringIO()):
                fits = module.train(models, data, epochs, shuffle=False, callbacks=[recorder(library, losses)])
                predictions = np.asarray(module.predict(models, data))
            runs.append(Run(losses, [fit.history for fit in fits], predictions))
    return Comparison(*runs)


def table(comparison: Comparison) -> str:
    """The histories side by side: a line for each log of each epoch."""
    lines = [f"{'fit':>3} {'epoch':>5}  {'log':<34} {'Keras':>14} {'tinynet':>14} {'difference':>10}"]
    for number, (theirs, ours) in enumerate(zip(comparison.theirs.histories, comparison.ours.histories, strict=True)):
        for epoch in range(len(theirs["loss"])):
            for key in theirs:
                a, b = float(theirs[key][epoch]), float(ours[key][epoch])
                lines.append(f"{number + 1:>3} {epoch + 1:>5}  {key:<34} {a:>14.8f} {b:>14.8f} {abs(a - b):>10.1e}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help=f"of {', '.join(SCRIPTS)}; all without one")
    parser.add_argument("--samples", type=int, default=1280, help="to train on, at most (1280)")
    parser.add_argument("--epochs", type=int, default=3, help="of each training (3)")
    parser.add_argument("--float64", action="store_true", help="compute in float64 instead of float32")
    options = parser.parse_args()
    unknown = [name for name in options.scripts if name not in SCRIPTS]
    if unknown:
        parser.error(f"there is no script {unknown[0]!r}; there are {', '.join(SCRIPTS)}")
    summary = []
    for name in options.scripts or SCRIPTS:
        comparison = compared(name, options.samples, options.epochs, "float64" if options.float64 else "float32")
        print(f"\n{name}: {len(comparison.ours.losses)} steps\n\n{table(comparison)}", flush=True)
        worst = comparison.differences()
        steps = len(comparison.ours.losses)
        summary.append(f"{name:<36} {steps:>5} " + " ".join(f"{value:>16.1e}" for value in worst.values()))
    print(f"\n{'largest difference':<36} steps {'losses of steps':>16} {'logs of epochs':>16} {'predictions':>16}")
    print("\n".join(summary))


if __name__ == "__main__":
    sys.exit(main())
