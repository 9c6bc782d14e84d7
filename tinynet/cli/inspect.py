"""Shows what a file of a model holds, what wrote it, and what in it is unsafe or not supported.

Nothing in the file is executed, imported or opened. The exit status is 0 for a file that tinynet loads and that
holds nothing unsafe, otherwise 1.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import warnings
from collections import Counter
from typing import Any

from tinynet.catalogue import snake_case
from tinynet.cli import completers
from tinynet.cli.contents import ARCHIVE, Contents, Stored, read_contents
from tinynet.cli.findings import NOTE, UNSAFE, Finding
from tinynet.cli.text import bytes_told, item, say, table
from tinynet.errors import TinynetError
from tinynet.models import Model, Sequential, load_model
from tinynet.saving.weights import numbered

EXAMPLES = ("inspect model.keras", "inspect model.h5 --json")
MOST_SHOWN = 100  # of findings, unless asked for as JSON
DEEPEST = 20  # models within models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    completers.model_file(parser.add_argument("file", metavar="FILE", help="a .keras, .h5 or .weights.h5 file"))
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Inspects a file."""
    contents = read_contents(arguments.file)
    model, error = _attempt(contents)
    report = _report(contents, model, error)
    if arguments.json:
        say(json.dumps(report, indent=2))
    else:
        _print(report, contents)
    return 0 if report["loadable"] and not contents.is_unsafe else 1


def _attempt(contents: Contents) -> tuple[Model | None, str | None]:
    """The loaded model, or why there is none; warnings become findings."""
    if not contents.is_model:
        broken = bool(contents.findings) or not contents.arrays
        return None, "it holds no weights that can be read" if broken else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = load_model(contents.path)
        except TinynetError as error:
            return None, str(error).removeprefix(f"{contents.path}: ")
        finally:
            told = [str(warning.message).removeprefix(f"{contents.path}: ") for warning in caught]
            contents.findings += [Finding(NOTE, "file", text) for text in dict.fromkeys(told)]
    return model, None


def _report(contents: Contents, model: Model | None, error: str | None) -> dict[str, Any]:
    """Everything that is known of a file, as plain data."""
    weights = contents.weights()
    layers = _of_model(model) if model is not None else _described(contents.config, contents, weights)
    return {
        "file": contents.path,
        "size": contents.size,
        "format": contents.form,
        "keras_version": contents.version,
        "date_saved": contents.saved,
        "certified": contents.certified,
        "classes": contents.classes,
        "loadable": error is None,
        "error": error,
        "inputs": _ends(model, "inputs") if model else _described_inputs(layers),
        "outputs": _ends(model, "outputs") if model else [],
        "layers": layers,
        "parameters": model.count_params() if model is not None and model.built else sum(a.size for a in weights),
        "training": _training(contents.training),
        "weights": [{"path": a.path, "shape": list(a.shape), "dtype": a.dtype} for a in contents.arrays],
        "findings": [dataclasses.asdict(finding) for finding in contents.findings],
    }


def _of_model(model: Model, depth: int = 0) -> list[dict[str, Any]]:
    """The layers and functions of a model, those of models within it below them."""
    graph, rows = model._graph, []
    # A Sequential's graph may hold functions that compute masks, which no file lists.
    for operation in model.layers if graph is None or isinstance(model, Sequential) else graph.operations:
        calls = [] if graph is None else graph.calls(operation)
        rows.append({
            "name": operation.name,
            "class": getattr(operation, "class_name", type(operation).__name__),
            "depth": depth,
            "output_shape": [list(t.shape) for t in calls[-1].outputs] if calls else None,
            "parameters": operation.count_params() if getattr(operation, "built", False) else 0,
        })  # fmt: skip
        if isinstance(operation, Model):
            rows += _of_model(operation, depth + 1)
    return rows


def _described(
    config: Any, contents: Contents, weights: list[Stored], depth: int = 0, place: str = "/layers"
) -> list[dict[str, Any]]:
    """The layers that a configuration lists, with as many parameters as the file holds for them.

    place: the group of the layers, as archives name it; the older format goes by the layers' names.
    """
    inner = config.get("config") if isinstance(config, dict) else None
    listed = inner if isinstance(inner, list) else inner.get("layers") if isinstance(inner, dict) else None
    rows: list[dict[str, Any]] = []
    used: Counter[str] = Counter()
    for layer in listed if isinstance(listed, list) and depth < DEEPEST else []:
        if not isinstance(layer, dict):
            continue
        settings = layer["config"] if isinstance(layer.get("config"), dict) else {}
        name, kind = str(settings.get("name") or layer.get("name") or "?"), str(layer.get("class_name"))
        group = f"{place}/{numbered(snake_case(kind), used)}"
        own = f"{group}/" if contents.form == ARCHIVE else f"/model_weights/{name}/"
        shape = settings.get("batch_shape") or settings.get("batch_input_shape")
        known = isinstance(shape, list) and kind == "InputLayer"
        rows.append({
            "name": name,
            "class": kind,
            "depth": depth,
            "output_shape": [shape] if known else None,
            "parameters": sum(a.size for a in weights if a.path.startswith(own)),
        })  # fmt: skip
        rows += _described(layer, contents, weights, depth + 1, f"{group}/layers")
    return rows


def _ends(model: Model, which: str) -> list[dict[str, Any]]:
    """The inputs or outputs of a model; none where a shape is still missing."""
    if model._graph is None:
        return []
    tensors = getattr(model, which)
    names = [t.name for t in tensors] if which == "inputs" else model.output_names
    return [{"name": n, "shape": list(t.shape), "dtype": t.dtype} for n, t in zip(names, tensors, strict=True)]


def _described_inputs(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"name": row["name"], "shape": row["output_shape"][0], "dtype": None}
        for row in layers
        if row["class"] == "InputLayer" and row["depth"] == 0 and row["output_shape"]
    ]


def _training(training: Any) -> dict[str, str]:
    """The settings of `compile` in words."""
    if not isinstance(training, dict):
        return {}
    kept = {key: training.get(key) for key in ("optimizer", "loss", "metrics", "weighted_metrics", "loss_weights")}
    return {key: _words(value) for key, value in kept.items() if value not in (None, [], {})}


def _words(value: Any, depth: int = 0) -> str:
    if depth > DEEPEST:
        return "…"
    if isinstance(value, dict) and "class_name" in value:
        settings = value.get("config")
        if value["class_name"] == "function":
            return str(settings)
        settings = settings if isinstance(settings, dict) else {}
        told = {key: part for key, part in settings.items() if key in ("learning_rate", "lr", "name")}
        return f"{value['class_name']}({', '.join(f'{k}={_words(v, depth + 1)}' for k, v in told.items())})"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words(part, depth + 1)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(_words(part, depth + 1) for part in value if part is not None)
    return str(value)


def _print(report: dict[str, Any], contents: Contents) -> None:
    say(f"{report['file']}: {report['format']}, {bytes_told(report['size'])}")
    if report["format"] == ARCHIVE or report["keras_version"]:
        date = f", {report['date_saved']}" if report["date_saved"] else ""
        say(f"written by Keras {report['keras_version'] or '(version not said)'} or for it{date}")
    if report["certified"]:
        say("certified: it holds check vectors, which 'verify' compares")
    if report["classes"]:
        say(item(", ".join(report["classes"]), "classes: "))
    for which in ("inputs", "outputs"):
        for end in report[which]:
            say(item(f"{end['name']} {_shape(end['shape'])} {end['dtype'] or ''}".rstrip(), f"{which[:-1]}: "))
    for key, words in report["training"].items():
        say(item(words, f"{key}: "))
    if report["layers"]:
        say()
        say(table(("layer", "class", "output shape", "parameters"), [_row(r) for r in report["layers"]], numbers=[3]))
        say(f"{report['parameters']:,} parameters in all")
    elif contents.arrays:
        say()
        rows = [(a.path, _shape(list(a.shape)), a.dtype) for a in contents.arrays]
        say(table(("array", "shape", "type"), rows))
        say(f"{report['parameters']:,} parameters in all")
    say()
    _print_findings(contents.findings)
    if report["error"] is not None:
        say(item(report["error"], "cannot be loaded: "))
    elif contents.is_model:
        say("unsafe" if contents.is_unsafe else "can be loaded")
    else:
        say("weights alone: a model of the same layers can load them")


def _print_findings(findings: list[Finding]) -> None:
    for finding in findings[:MOST_SHOWN]:
        kind = finding.kind.upper() if finding.kind == UNSAFE else finding.kind
        say(item(f"{finding.place}: {finding.what}", f"{kind}: "))
    if len(findings) > MOST_SHOWN:
        say(f"and {len(findings) - MOST_SHOWN:,} findings more; --json lists all")
    if not findings:
        say("nothing unsafe or unsupported was found")


def _row(row: dict[str, Any]) -> tuple[str, str, str, str]:
    shapes = "?" if row["output_shape"] is None else ", ".join(map(_shape, row["output_shape"]))
    return "  " * row["depth"] + row["name"], row["class"], shapes, f"{row['parameters']:,}"


def _shape(shape: list[Any]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
