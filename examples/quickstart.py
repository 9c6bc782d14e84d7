"""The main job in under a minute, on digits that come with scikit-learn: no download, no TensorFlow.

    python examples/quickstart.py

1. Loads a CNN that Keras trained and saved (make_quickstart_model.py), predicts the test images
   and compares with the predictions Keras made.
2. Trains the same CNN natively, and a bidirectional LSTM that reads each image row by row.
3. Saves each as `.keras`, loads it again and checks that the predictions are equal.

Prints accuracy and macro-F1, and writes models and pictures to the folder --out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from _command import Parser, folder, run, whole
from _report import (
    check_packages,
    class_table,
    confusion_matrix,
    largest_difference,
    plot_confusion,
    plot_curves,
    scores,
)

import tinynet
from tinynet.datasets import digits
from tinynet.errors import DataError
from tinynet.study.architectures import digits_cnn, digits_lstm

MODELS = Path(__file__).parent / "models"


def arguments() -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument("--epochs", type=whole(), default=15, help="of each native training (15)")
    parser.add_argument("--seed", type=whole(0), default=0)
    parser.add_argument(
        "--out", type=Path, default=Path("runs/quickstart"), help="output folder (runs/quickstart)"
    )
    return parser.parse_args()


def compare_with_file_of_keras(x_test: np.ndarray, y_test: np.ndarray) -> None:
    """Loads Keras's model and prints how its predictions here differ from those Keras made."""
    file = MODELS / "digits_cnn.keras"
    model = tinynet.models.load_model(file)
    with np.load(MODELS / "digits_cnn_predictions.npz", allow_pickle=False) as stored:
        theirs, labels = stored["predictions"], stored["labels"]
        versions = f"Keras {stored['keras']}, TensorFlow {stored['tensorflow']}"
    if not np.array_equal(labels, y_test):
        raise DataError(f"{file}: Keras predicted other test images; run make_quickstart_model.py again")
    ours = model.predict(x_test, batch_size=64)
    agreement = (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean()
    print(f"1. {file.name}, trained and saved by {versions}")
    model.summary()
    print(f"   largest difference from Keras's predictions: {largest_difference(ours, theirs):.1e}")
    print(f"   agreement of predicted classes: {agreement:.2%} of {len(y_test)}")
    print(f"   test: {scores(y_test, ours)}")


def train_and_save(
    model: tinynet.Sequential,
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    epochs: int,
    out: Path,
) -> None:
    """Trains, prints scores, saves model and pictures, and confirms that the saved model predicts alike."""
    model.compile(
        optimizer=tinynet.optimizers.Adam(2e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    history = model.fit(*train, batch_size=32, epochs=epochs, validation_data=test)

    x_test, y_test = test
    probabilities = model.predict(x_test)
    print(f"   test: {scores(y_test, probabilities)}")
    print(class_table(y_test, probabilities, digits.CLASS_NAMES))
    plot_curves(history.history, out / f"{model.name}_curves.png", model.name, "test (watched only)")
    counts = confusion_matrix(y_test, probabilities)
    plot_confusion(
        counts, digits.CLASS_NAMES, out / f"{model.name}_confusion.png", f"{model.name}, test digits"
    )

    path = out / f"{model.name}.keras"
    model.save(path)
    again = tinynet.models.load_model(path).predict(x_test)
    if not np.array_equal(again, probabilities):
        raise DataError(
            f"{path}: the loaded model's predictions differ by {largest_difference(again, probabilities):.1e}"
        )
    print(f"   saved {path}; loaded again, its predictions are equal")


def main() -> None:
    options = arguments()
    check_packages()
    out = folder(options.out)
    train, test = digits.load_data()
    compare_with_file_of_keras(*test)

    for step, (what, architecture) in enumerate(
        (("the same CNN", digits_cnn), ("a bidirectional LSTM over the rows", digits_lstm)), start=2
    ):
        print(f"\n{step}. {what}, trained natively on {len(train[0]):,} digits")
        tinynet.utils.set_random_seed(options.seed)
        train_and_save(architecture(tinynet), train, test, options.epochs, out)


if __name__ == "__main__":
    run(main)
