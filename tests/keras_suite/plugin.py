"""How pytest collects Keras's tests, which of them it leaves out, and what it reports."""

from __future__ import annotations

import importlib
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from keras_suite import finder, left_out
from keras_suite.absent import NotInTinynet
from keras_suite.shim.test_case import refusals


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("Keras's tests")
    group.addoption("--report", metavar="FILE", help="write counts as JSON")
    group.addoption("--left-out", action="store_true", help="run the tests that are left out, and no others")


class Folder(pytest.Dir):
    """A folder of the wheel; its __init__.py is not run."""


class InPlace(pytest.Module):
    """A test file of the wheel, imported under its own name."""

    def _getobj(self) -> Any:
        inner = self.path.relative_to(finder.WHEEL).with_suffix("")
        try:
            return importlib.import_module(".".join(("keras.src", *inner.parts)))
        except NotInTinynet as error:
            raise self.CollectError(str(error)) from error


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Files that are left out as a whole, as they cannot be imported."""
    inside = collection_path.is_relative_to(finder.WHEEL)
    return (inside and collection_path.relative_to(finder.WHEEL).as_posix() in left_out.read()) or None


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector:
    return Folder.from_parent(parent, path=path)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector:
    return InPlace.from_parent(parent, path=module_path)


class Counts:
    """Counts what becomes of the tests."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.stale: list[str] = []

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        reasons = left_out.read()
        chosen, others, met = [], [], set()
        for item in items:
            pattern = next((p for p in reasons if left_out.matches(p, item.nodeid)), None)
            if pattern is not None:
                self.left_out[reasons[pattern]] += 1
                met.add(pattern)
            (chosen if (pattern is not None) == config.getoption("--left-out") else others).append(item)
        files = {item.nodeid.partition("::")[0] for item in items}
        self.stale = [p for p in reasons if p not in met and p.partition("::")[0] in files]
        config.hook.pytest_deselected(items=others)
        items[:] = chosen

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            self.outcomes[report.outcome] += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.outcomes["not collected"] += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        file = session.config.getoption("--report")
        if file:
            content = {
                **self.outcomes, "refusals": len(refusals), "left out": self.left_out, "stale": self.stale,
            }  # fmt: skip
            Path(file).write_text(json.dumps(content))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        write = terminalreporter.write_line
        for reason, count in self.left_out.most_common():
            write(f"left out: {count:4} {reason}")
        write(f"{self.outcomes['passed']} passed, {len(refusals)} of them with a refusal in tinynet's own words")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    folder = tempfile.TemporaryDirectory()
    session.config.add_cleanup(folder.cleanup)
    session.config.add_cleanup(lambda: os.chdir(finder.WHEEL))
    os.chdir(folder.name)
    os.environ["KERAS_HOME"] = folder.name


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Counts())
