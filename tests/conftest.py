"""What all tests share: hypothesis profiles, quiet TensorFlow, and the counts printed at the end."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
# The same draws at every run, so that a failure is one on every machine.
settings.register_profile("ci", derandomize=True, max_examples=10, **COMMON)
# New draws at every run, and many of them.
settings.register_profile("thorough", max_examples=300, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

COUNTS = pytest.StashKey[Counter]()
WORST = pytest.StashKey[dict]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNTS] = Counter()
    config.stash[WORST] = {}


@pytest.fixture(scope="session")
def counts(pytestconfig: pytest.Config) -> Counter:
    """Checks counted under (topic, what); printed at the end of the run."""
    return pytestconfig.stash[COUNTS]


@pytest.fixture(scope="session")
def worst(pytestconfig: pytest.Config) -> Callable[[str, str, float], None]:
    """Notes a difference under a topic and what it is of; the largest is printed at the end of the run."""
    return functools.partial(note, pytestconfig)


def note(config: pytest.Config, topic: str, what: str, difference: float) -> None:
    largest = config.stash[WORST]
    largest[topic, what] = max(difference, largest.get((topic, what), 0.0))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # one of several processes: the first one prints
        session.config.workeroutput["counts"] = list(session.config.stash[COUNTS].items())
        session.config.workeroutput["worst"] = list(session.config.stash[WORST].items())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    for key, count in getattr(node, "workeroutput", {}).get("counts", ()):
        node.config.stash[COUNTS][tuple(key)] += count
    for key, difference in getattr(node, "workeroutput", {}).get("worst", ()):
        note(node.config, *key, difference)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    counted = config.stash[COUNTS]
    if not counted:
        return
    terminalreporter.section("checks")
    topics: dict[str, list[str]] = {}
    for (topic, what), count in counted.items():
        topics.setdefault(topic, []).append(f"{count} {what}")
    for topic, parts in topics.items():
        if counted[topic, "tried"]:
            parts.append(f"a share of {counted[topic, 'caught'] / counted[topic, 'tried']:.2%}")
    for (topic, what), difference in config.stash[WORST].items():
        topics.setdefault(topic, []).append(f"{difference:.1e} {what}")
    for topic, parts in topics.items():
        terminalreporter.write_line(f"{topic}: {', '.join(parts)}")
