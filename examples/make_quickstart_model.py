"""Trains the quickstart's CNN with Keras and saves it with Keras's predictions. Needs TensorFlow.

    python examples/make_quickstart_model.py

Writes `digits_cnn.keras` and `digits_cnn_predictions.npz` to examples/models, where both are kept
in the repository: `quickstart.py` loads the model without TensorFlow and compares its own
predictions on the test images with Keras's. The predictions' file also holds the versions of
Keras and TensorFlow and the test accuracy they found.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from _command import Parser, folder, run, whole
from _report import scores

from tinynet.datasets import digits
from tinynet.errors import require
from tinynet.study.architectures import digits_cnn

MODELS = Path(__file__).parent / "models"


def arguments() -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument("--epochs", type=whole(), default=20)
    parser.add_argument("--seed", type=whole(0), default=0)
    parser.add_argument("--out", type=Path, default=MODELS, help="output folder (examples/models)")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tensorflow = require("tensorflow", "test", "training with Keras")
    keras = require("keras", "test", "training with Keras")

    (x_train, y_train), (x_test, y_test) = digits.load_data()
    keras.utils.set_random_seed(options.seed)
    model = digits_cnn(keras)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=32, epochs=options.epochs, verbose=2)

    predictions = model.predict(x_test, batch_size=64, verbose=0)
    out = folder(options.out)
    model.save(out / "digits_cnn.keras")
    np.savez_compressed(
        out / "digits_cnn_predictions.npz",
        predictions=predictions,
        labels=y_test,
        keras=keras.__version__,
        tensorflow=tensorflow.__version__,
    )
    print(f"test: {scores(y_test, predictions)}")
    for name in ("digits_cnn.keras", "digits_cnn_predictions.npz"):
        print(f"saved {out / name} ({(out / name).stat().st_size / 1024:.0f} KiB)")


if __name__ == "__main__":
    run(main)
