"""Trains a CNN with batch normalisation on CIFAR-10 natively, in a quarter of an hour on two cores.

    python examples/train_cifar10_fast.py
    python examples/train_cifar10_fast.py --train-images 10000 --epochs 2      (a first look)

A convolution, then three blocks of two convolutions (3x3, 32, 96 and 128 filters) with max pooling, batch
normalisation and relu; the largest value of each channel; ten logits. SGD with Nesterov momentum in one cycle of the
learning rate, weight decay, label smoothing, images mirrored and moved by up to four pixels.

All training images are trained on; the test images are watched after each epoch, and nothing is chosen by them: the
scores are those of the last epoch, on the test images as they are. Which these are is printed first: where the files
hold a part of the official 10,000, the scores estimate the official test score and are not that score.

Prints progress, a table of the classes and the confusion matrix; saves curves.png, confusion.png and model.keras to
the folder --out.
"""

from __future__ import annotations

import argparse
import time

from _command import Parser, add_folders, folder, number, run, whole
from _data import load_cifar10
from _report import (
    check_packages,
    class_table,
    confusion_matrix,
    confusion_text,
    largest_difference,
    plot_confusion,
    plot_curves,
    scores,
)
from _training import fit_fast_cnn

import tinynet
from tinynet.datasets.cifar10 import CLASS_NAMES
from tinynet.study.architectures import cifar10_fast_cnn


def arguments() -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument(
        "--widths", type=whole(), nargs="+", default=[32, 96, 128], help="filters of the blocks (32 96 128)"
    )
    parser.add_argument("--epochs", type=whole(), default=12)
    parser.add_argument("--batch-size", type=whole(), default=256)
    parser.add_argument("--learning-rate", type=number(0, 10), default=0.2, help="at the top of the cycle (0.2)")
    parser.add_argument("--seed", type=whole(0), default=0)
    parser.add_argument("--train-images", type=whole(), help="train on the first so many only")
    parser.add_argument("--test-images", type=whole(), help="evaluate on the first so many only")
    add_folders(parser, "runs/cifar10_fast")
    return parser.parse_args()


class Lines(tinynet.callbacks.Callback):
    """A line for each epoch: seconds, learning rate, and how training and test images fare."""

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:  # type: ignore[override]
        print(
            f"epoch {epoch + 1:>2}/{self.params['epochs']}  {time.perf_counter() - self.started:6.1f} s"
            f"  learning rate {float(self.model.optimizer.learning_rate):.4f}"
            f"  loss {logs['loss']:.4f}  accuracy {logs['accuracy']:.4f}"
            f"  test loss {logs['val_loss']:.4f}  test accuracy {logs['val_accuracy']:.4f}",
            flush=True,
        )


def main() -> None:
    options = arguments()
    check_packages()
    started = time.perf_counter()
    tinynet.utils.set_random_seed(options.seed)
    model = cifar10_fast_cnn(tinynet, options.widths)
    data = load_cifar10(options.data, options.train_images, options.test_images)
    out = folder(options.out)
    model.summary()
    history = fit_fast_cnn(
        tinynet, model, data, epochs=options.epochs, batch_size=options.batch_size,
        learning_rate=options.learning_rate, seed=options.seed, callbacks=[Lines()], verbose=0,
    ).history  # fmt: skip
    minutes, busy = (time.perf_counter() - started) / 60, time.process_time() / 60
    print(f"trained in {minutes:.1f} minutes ({busy:.1f} of processor time), loading the data included")

    logits = model.predict(data.x_test, batch_size=250)
    counts = confusion_matrix(data.y_test, logits)
    print(f"\ntest, {len(data.x_test):,} images: {scores(data.y_test, logits)}")
    print(f"\n{class_table(data.y_test, logits, CLASS_NAMES)}\n")
    print(confusion_text(counts, CLASS_NAMES))
    plot_curves(history, out / "curves.png", "CIFAR-10", "test (watched only)")
    plot_confusion(counts, CLASS_NAMES, out / "confusion.png", f"CIFAR-10, {len(data.x_test):,} test images")
    path = out / "model.keras"
    model.save(path)
    again = tinynet.models.load_model(path).predict(data.x_test, batch_size=250)
    print(f"\nsaved {path}; loaded again, its predictions differ by {largest_difference(again, logits):.1e}")


if __name__ == "__main__":
    run(main)
