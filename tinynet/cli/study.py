"""Trains variants of a network with several seeds, compares them, and writes a report.

A study is known by name (--list shows them) or declared in a file: .toml, or .py that assigns a Study to the name
`study` (docs/study.md shows both). Each trial's outcome is kept in OUT/trials, so a study that was ended goes on where
it stopped, and one that is done is only reported anew. The report is OUT/report.html, and OUT/report.md with pictures.

--only takes some of a choice's values, --set replaces a setting; values are JSON, or plain words.
"""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from tinynet.cli import completers
from tinynet.cli.arguments import UsageError, positive
from tinynet.cli.text import say, table
from tinynet.errors import MissingFileError
from tinynet.study import STUDIES, Results, Study, load
from tinynet.study.declaration import shown
from tinynet.study.report import check_packages

EXAMPLES = (
    "study --list",
    "study nusax-lstm --seeds 3 --only layers=1,2 --set epochs=10",
    "study cifar10-cnn --out runs/cnn --language id",
    "study my_study.toml",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    completers.study(
        parser.add_argument("study", metavar="STUDY", nargs="?", help="a study's name, or a .toml or .py file")
    )
    parser.add_argument("--list", action="store_true", help="show the studies that are known by name, and end")
    parser.add_argument("--data", metavar="FOLDER", help="where the data sets are; else TINYNET_DATA, cache, download")
    parser.add_argument("--seeds", type=positive, metavar="N", help="how many, instead of the study's own number")
    parser.add_argument(
        "--jobs", type=_jobs, metavar="N", help="trials at a time, in processes; -1: one a processor (1)"
    )
    parser.add_argument("--out", metavar="DIR", help="the folder for trials and report (runs/study/NAME)")
    parser.add_argument(
        "--language", choices=("en", "id"), default="en", help="of the report: English or Indonesian (en)"
    )
    parser.add_argument(
        "--only", type=_choice, action="append", default=[], metavar="CHOICE=V,V", help="only these values of a choice"
    )
    parser.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="NAME=V", help="another value of a setting"
    )
    parser.add_argument("--quiet", action="store_true", help="no line for each trial")


def run(arguments: argparse.Namespace) -> int:
    """Runs what is not done yet, and writes the report."""
    if arguments.list:
        for name in STUDIES:
            study = load(name)
            say(f"{name:22}{study.title} ({len(study.variants)} variants, {len(study.seeds)} seeds)")
        return 0
    if arguments.study is None:
        raise UsageError("study: expected a name or a file; --list shows the names")
    if arguments.data is not None:
        if not os.path.isdir(arguments.data):
            raise MissingFileError(f"{arguments.data}: there is no such folder")
        os.environ["TINYNET_DATA"] = arguments.data  # the processes of the trials inherit it
    check_packages()
    study = load(arguments.study).restricted(**_restrictions(load(arguments.study), arguments))
    if arguments.seeds is not None:
        study = study.with_seeds(arguments.seeds)
    out = arguments.out or os.path.join("runs", "study", study.name)
    say(f"{study.title} (variants: {len(study.variants)}, seeds: {len(study.seeds)}), in {out}")
    results = study.run(out, jobs=arguments.jobs or 1, quiet=arguments.quiet)
    say("")
    say_table(results)
    for outcome in results.failed:
        say(f"failed: {study.label(outcome.variant)}, seed {outcome.seed}: {outcome.error}")
    if results.variants:
        say(f"\nthe report: {results.report(out, arguments.language)}")
    return 1 if results.failed else 0


def say_table(results: Results) -> None:
    """Prints mean and spread of each variant."""
    metric, rows = results.metrics[0], []
    for variant in results.variants:
        scores = results.scores(variant, metric)
        seconds = sum(outcome.seconds for outcome in results.of(variant)) / len(scores)
        spread = f" ± {scores.std(ddof=1):.3f}" if len(scores) > 1 else ""
        rows.append((results.study.label(variant), f"{scores.mean():.3f}{spread}", str(len(scores)), f"{seconds:.1f}"))
    if rows:
        say(table(("variant", metric.name, "seeds", "seconds"), rows, numbers=(2, 3)))


def _restrictions(study: Study, arguments: argparse.Namespace) -> dict[str, Any]:
    """What --only and --set ask for, as `Study.restricted` takes it."""
    found: dict[str, Any] = {}
    for name, texts in arguments.only:
        if name not in study.choices:
            raise UsageError(f"--only: {name!r} is no choice of this study; it has {', '.join(study.choices)}")
        known = {shown(value): value for value in study.choices[name]}
        unknown = [text for text in texts if text not in known]
        if unknown:
            raise UsageError(f"--only: {name} has the values {', '.join(known)}, received {unknown[0]!r}")
        found.setdefault(name, []).extend(known[text] for text in texts)
    for name, value in arguments.set:
        if name in study.choices:
            raise UsageError(f"--set: {name!r} is a choice of this study; --only takes some of its values")
        found[name] = value
    return found


def _jobs(text: str) -> int:
    return -1 if text == "-1" else positive(text)


def _choice(text: str) -> tuple[str, list[str]]:
    name, equals, values = text.partition("=")
    if not name or not equals or not values:
        raise argparse.ArgumentTypeError(f"expected CHOICE=VALUE,VALUE, received {text!r}")
    return name, values.split(",")


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, received {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
