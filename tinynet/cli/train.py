"""Trains a classifier on data, tests it, and saves it in a file that Keras opens.

MODEL is a file (.keras, .h5), whose training goes on; a network known by name, which is made for the data: mlp, cnn,
fast-cnn, simple-rnn, lstm, gru, or one of the last three behind 'bidirectional-'; or FILE.py:FUNCTION or
MODULE:FUNCTION, a function that returns a model. FUNCTION may have arguments in brackets.

DATA is cifar10, nusax (or nusax-javanese and so on), digits; a .npz file with x and y, or with x_train, y_train and,
if there are any, x_val, y_val, x_test, y_test; or a .csv file with the columns text and label.

Texts are turned into ids of words by a vocabulary that comes from the training texts; it is saved in the model, so
that the file takes texts. The names of the classes are in the file, too, and 'predict' tells them.

After each epoch a backup is written to the folder OUT.backup; --resume goes on from it as if nothing had happened.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import math
import os
import shutil
from typing import Any

import numpy as np

from tinynet import callbacks, utils
from tinynet.cli import completers
from tinynet.cli.arguments import UsageError, check_output, natural, positive, rate, share
from tinynet.cli.classes import Classes, add_classes_argument, chosen_classes, save_with_classes, unnamed
from tinynet.cli.classifier import (
    check_kind,
    compile_for_classes,
    fitted,
    outputs_for,
    probabilities,
    targets,
    watched_log,
)
from tinynet.cli.code import names_code, running
from tinynet.cli.dataset import Dataset, Part, aligned, limited, with_validation
from tinynet.cli.dataset_files import read_dataset
from tinynet.cli.ready import LENGTH, VOCABULARY, largest
from tinynet.cli.scores import say_scores, scored
from tinynet.cli.sources import ENDINGS, model_to_train, names_file
from tinynet.cli.text import say
from tinynet.errors import DataError, DivergenceError, FileFormatError, TinynetError, warn
from tinynet.models import Model, load_model

EXAMPLES = (
    "train lstm nusax -o sentiment.keras --epochs 30 --patience 8",
    "train cnn cifar10 -o images.keras --batch-size 64",
    "train sentiment.keras reviews.csv -o better.keras",
    'train "my_networks.py:small(units=16)" samples.npz',
)
VALIDATION = 0.1
CHECKED = 32  # samples whose predictions are compared after the file was loaded again


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    completers.model(parser.add_argument("model", metavar="MODEL", help="a file, a network's name or FILE.py:FUNCTION"))
    completers.data(parser.add_argument("dataset", metavar="DATA", help="a data set's name, or a .npz or .csv file"))
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="model.keras", help="the trained model: .keras or .h5 (model.keras)"
    )
    add_classes_argument(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace OUT, or an interrupted run, if it is there")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run of the same command")
    parser.add_argument("--data", metavar="FOLDER", help="where the data set is; else TINYNET_DATA, cache, download")
    training = parser.add_argument_group("training")
    training.add_argument("--epochs", type=positive, default=10, metavar="N", help="passes over the data (10)")
    training.add_argument("--batch-size", type=positive, default=32, metavar="N", help="samples in a step (32)")
    training.add_argument(
        "--learning-rate", type=rate, metavar="R", help="of Adam (0.001); or of the optimizer that MODEL has"
    )
    training.add_argument(
        "--patience", type=positive, metavar="N",
        help="end after N epochs without a better macro-F1 (or loss) in validation, and go back to the best epoch",
    )  # fmt: skip
    training.add_argument(
        "--validation-split", type=_split, metavar="P", default=VALIDATION,
        help="the share of training samples put aside where DATA has no validation (0.1); 0 for none",
    )  # fmt: skip
    training.add_argument("--samples", type=positive, metavar="N", help="train on N samples only, drawn at random")
    training.add_argument("--seed", type=natural, default=0, metavar="S", help="of everything that is drawn (0)")
    training.add_argument("--log", metavar="FILE", help="also write the epochs to a .csv file")
    training.add_argument("--quiet", action="store_true", help="no line for each epoch")
    network = parser.add_argument_group("networks known by name")
    network.add_argument("--units", type=positive, metavar="N", help="of the recurrent state (64), of mlp (128)")
    network.add_argument("--vocabulary", type=positive, metavar="N", help=f"words that are told apart ({VOCABULARY})")
    network.add_argument("--length", type=positive, metavar="N", help=f"words of a text that are read ({LENGTH})")


def _split(text: str) -> float:
    return 0.0 if text in ("0", "0.0") else share(text)


def run(arguments: argparse.Namespace) -> int:
    """Trains, saves, loads again, and tells how well it went."""
    out, backup = arguments.output, f"{arguments.output}.backup"
    resumed = _check_places(arguments, backup)
    utils.set_random_seed(arguments.seed)
    data = limited(read_dataset(arguments.dataset, arguments.data), arguments.samples, arguments.seed)
    if data.train is None:
        raise DataError(f"{data.told}: holds no training samples; expected x and y, or x_train and y_train")
    data = with_validation(data, arguments.validation_split, arguments.seed)
    if data.train is None or data.classes < 2:
        raise DataError(f"{data.told}: has a single class, so there is nothing to tell apart")
    if arguments.patience and data.validation is None:
        raise UsageError("--patience: needs a validation; give --validation-split")

    model = model_to_train(arguments.model, data, arguments.vocabulary, arguments.length, arguments.units)
    known = None
    if names_file(arguments.model):
        known = chosen_classes(arguments.model, arguments.classes)
        check_kind(model, data, arguments.model)
        data = aligned(data, known.names if known else None, arguments.model)
    elif arguments.classes:
        data = aligned(data, arguments.classes, "--classes")
    assert data.train is not None
    with _users_code(arguments.model):
        outputs = outputs_for(model, data, arguments.model)
        _compile(model, data.train, outputs, arguments.learning_rate)
    _say_start(arguments, model, data, resumed)
    best = _fit(arguments, model, data, outputs, backup)

    names = data.names or unnamed(max(outputs, 2))
    white = None if data.is_text else known.largest if known and known.largest else largest(data.train.x)
    save_with_classes(model, out, Classes(names, white))
    _check_saved(model, out, data.train)
    shutil.rmtree(backup, ignore_errors=True)
    if best:
        say(best)
    part, told = _tested_on(data)
    say(f"\n{told}: {len(part):,} samples of {data.told}")
    say_scores(scored(part.y, probabilities(model, part.x, max(arguments.batch_size, 100)), names))
    say(f"\nsaved {out}{', which takes texts' if data.is_text else ''}; try: tinynet predict {out} "
        f"{'TEXT' if data.is_text else 'IMAGE.png' if len(data.shape) == 3 else 'SAMPLES.npy'}")  # fmt: skip
    return 0


def _check_places(arguments: argparse.Namespace, backup: str) -> bool:
    """Checks that all can be written; tells whether an interrupted run goes on."""
    out = arguments.output
    if out.endswith(".weights.h5"):
        raise UsageError(f"{out}: holds weights alone by its name; expected a name ending in .keras or .h5")
    check_output(out, [], ENDINGS, arguments.overwrite)
    if arguments.log is not None:
        check_output(arguments.log, [arguments.dataset], (".csv",), overwrite=True)
    there = os.path.exists(os.path.join(backup, callbacks.backup_and_restore.LATEST))
    if there and not arguments.resume:
        if not arguments.overwrite:
            raise UsageError(f"{backup}: holds an interrupted run; --resume goes on with it, --overwrite begins anew")
        shutil.rmtree(backup)
    if os.path.exists(backup) and not os.path.isdir(backup):
        raise UsageError(f"{backup}: is no folder, so no backup can be written there")
    return there and bool(arguments.resume)


def _compile(model: Model, train: Part, outputs: int, learning_rate: float | None) -> None:
    if not model.compiled:
        compile_for_classes(model, train.x, outputs, learning_rate or 1e-3)
    elif learning_rate is not None:
        model.optimizer.learning_rate = learning_rate
    targets(model, train.y[:1], outputs, model.name)  # refuses a loss that is not of classes


def _say_start(arguments: argparse.Namespace, model: Model, data: Dataset, resumed: bool) -> None:
    assert data.train is not None
    aside = f", {len(data.validation):,} for validation" if data.validation is not None else ""
    tested = f", {len(data.test):,} for the test" if data.test is not None else ""
    say(f"{data.told}: {len(data.train):,} samples to train on{aside}{tested}; {data.classes} classes")
    say(f"{arguments.model}: {model.count_params():,} parameters, {type(model.optimizer).__name__}")
    if resumed:
        say(f"goes on from {arguments.output}.backup")
    elif arguments.resume:
        say("there is no interrupted run to resume; a new one begins")


def _fit(arguments: argparse.Namespace, model: Model, data: Dataset, outputs: int, backup: str) -> str:
    """Trains; returns which epoch was the best, where that was watched."""
    assert data.train is not None

    def given(part: Part) -> tuple[np.ndarray, np.ndarray]:
        return fitted(part.x, model), targets(model, part.y, outputs, model.name)

    hooks: list[Any] = [
        callbacks.TerminateOnNaN(raise_error=True),
        callbacks.BackupAndRestore(backup, delete_checkpoint=False),
    ]
    stopping = None
    if arguments.patience:
        stopping = callbacks.EarlyStopping(
            watched_log(model), patience=arguments.patience, restore_best_weights=True,
            mode="max" if watched_log(model) == "val_macro_f1" else "min",
        )  # fmt: skip
        hooks.append(stopping)
    if arguments.log is not None:
        hooks.append(callbacks.CSVLogger(arguments.log, append=arguments.resume))
    has_bar = importlib.util.find_spec("tqdm") is not None
    x, y = given(data.train)
    try:
        with _users_code(arguments.model):
            history = model.fit(
                x, y, batch_size=arguments.batch_size, epochs=arguments.epochs, callbacks=hooks,
                validation_data=None if data.validation is None else given(data.validation),
                verbose=0 if arguments.quiet else "auto" if has_bar else 2,
            ).history  # fmt: skip
    except KeyboardInterrupt:
        kept = os.path.exists(os.path.join(backup, callbacks.backup_and_restore.LATEST))
        hint = "; the same command with --resume goes on after its last whole epoch" if kept else ""
        raise KeyboardInterrupt(f"interrupted{hint}") from None
    except DivergenceError as error:
        shutil.rmtree(backup, ignore_errors=True)
        raise DivergenceError(
            "the loss became NaN or infinite, so nothing is saved; try a smaller --learning-rate, and look at the data"
        ) from error
    if stopping is None or stopping.best is None:
        return ""
    done = len(history["loss"])
    early = f", stopped after {done}" if done < arguments.epochs else ""
    score = f"{stopping.monitor} {float(stopping.best):.4f}"
    return f"best epoch: {stopping.best_epoch + 1} of {arguments.epochs}{early} ({score})"


def _users_code(text: str) -> contextlib.AbstractContextManager[None]:
    """Within it what code of the user's raises is told in a line, if the model is from such code."""
    return running(text) if names_code(text) else contextlib.nullcontext()


def _check_saved(model: Model, path: str, part: Part) -> None:
    """Loads the file again; raises `FileFormatError` where it predicts something else."""
    try:
        again = load_model(path, compile=False)
    except TinynetError as error:
        warn(f"{path}: is saved, but loads only where its own classes are registered ({error})")
        return
    x = fitted(part.x[:CHECKED], model)
    apart = np.abs(np.asarray(again.predict(x)) - np.asarray(model.predict(x))).max()
    if not math.isclose(float(apart), 0.0, abs_tol=1e-6):
        raise FileFormatError(f"{path}: loaded again it predicts something else, by {apart:.1e}; do not rely on it")


def _tested_on(data: Dataset) -> tuple[Part, str]:
    """The samples that the scores are of, and what they are called."""
    if data.test is not None:
        return data.test, "test"
    if data.validation is not None:
        return data.validation, "validation (not trained on)"
    assert data.train is not None
    return data.train, "the samples it was trained on, which says little of others"
