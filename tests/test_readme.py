"""The README's Python runs as it stands there, and its commands are those of CI."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tinynet
from tinynet import layers

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_python_block_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x, y = rng.random((20, 32, 32, 3), dtype=np.float32), rng.integers(0, 10, 20)
    model = tinynet.Sequential([layers.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.save("model.keras")
    exec(compile(block, "README.md", "exec"), {"x": x, "y": y})


def test_stated_gradient_is_the_one_computed() -> None:
    stated = [float(number) for number in re.search(r"# Tensor\(\[(.*?)\]\)", README).group(1).split(",")]
    x = tinynet.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    (np.tanh(x) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), stated, atol=5e-5)


def test_ci_finds_the_two_commands() -> None:
    commands = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert len(commands) == 2
    assert "examples/quickstart.py" in commands[0]
    assert "pytest" in commands[1]


def test_files_that_are_named_exist() -> None:
    for path in re.findall(r"(?:examples|benchmarks|docs)/\w+\.(?:py|md)", README):
        assert (ROOT / path).is_file(), path
