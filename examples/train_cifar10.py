"""Trains the CNN for CIFAR-10 natively, without TensorFlow.

    python examples/train_cifar10.py
    python examples/train_cifar10.py --train-images 5000 --epochs 2      (a first look)
    python examples/train_cifar10.py --pooling average --head gap --filters 32 64 128

Convolution 32 and 64 (3x3, relu), each with max pooling 2; Flatten; Dense 128 relu; Dropout 0.5;
softmax over ten classes; images scaled to [0, 1]; Adam, batches of 64. All training images are
trained on; the test images are watched after each epoch, and nothing is chosen by them: the
scores are those of the last epoch.

Which test images these are is printed first: where the files hold a part of the official 10,000,
the scores estimate the official test score and are not that score.

Prints progress, a table of the classes and the confusion matrix; saves curves.png, confusion.png
and model.keras to the folder --out.
"""

from __future__ import annotations

import argparse

from _command import Parser, add_folders, folder, run, whole
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
from _training import fit_cnn

import tinynet
from tinynet.datasets.cifar10 import CLASS_NAMES
from tinynet.study.architectures import cifar10_cnn


def arguments() -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument(
        "--filters", type=whole(), nargs="+", default=[32, 64], help="one number a block (32 64)"
    )
    parser.add_argument("--kernel", type=whole(), default=3, help="side of the convolutions' windows (3)")
    parser.add_argument("--pooling", choices=("max", "average"), default="max")
    parser.add_argument(
        "--head", choices=("flatten", "gap"), default="flatten", help="gap: global average pooling"
    )
    parser.add_argument("--epochs", type=whole(), default=12)
    parser.add_argument("--batch-size", type=whole(), default=64)
    parser.add_argument("--seed", type=whole(0), default=0)
    parser.add_argument("--train-images", type=whole(), help="train on the first so many only")
    parser.add_argument("--test-images", type=whole(), help="evaluate on the first so many only")
    add_folders(parser, "runs/cifar10")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    check_packages()
    tinynet.utils.set_random_seed(options.seed)
    model = cifar10_cnn(tinynet, options.filters, options.kernel, options.pooling, options.head)
    data = load_cifar10(options.data, options.train_images, options.test_images)
    out = folder(options.out)
    model.summary()
    history = fit_cnn(
        tinynet, model, data, epochs=options.epochs, batch_size=options.batch_size, watch_test=True
    ).history

    probabilities = model.predict(data.x_test, batch_size=100)
    counts = confusion_matrix(data.y_test, probabilities)
    print(f"\ntest, {len(data.x_test):,} images: {scores(data.y_test, probabilities)}")
    print(f"\n{class_table(data.y_test, probabilities, CLASS_NAMES)}\n")
    print(confusion_text(counts, CLASS_NAMES))
    plot_curves(history, out / "curves.png", "CIFAR-10", "test (watched only)")
    plot_confusion(counts, CLASS_NAMES, out / "confusion.png", f"CIFAR-10, {len(data.x_test):,} test images")
    path = out / "model.keras"
    model.save(path)
    again = tinynet.models.load_model(path).predict(data.x_test, batch_size=100)
    difference = largest_difference(again, probabilities)
    print(f"\nsaved {path}; loaded again, its predictions differ by {difference:.1e}")


if __name__ == "__main__":
    run(main)
