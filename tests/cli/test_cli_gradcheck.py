"""`gradcheck`, and the objects of Python that command lines name."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_files import command

import tinynet
from tinynet.cli.code import named_object

CODE = '''
from dataclasses import dataclass
import helper
import tinynet

@dataclass
class Settings:
    units: int = 2

class Own(tinynet.layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], Settings().units), initializer="random_normal", name="kernel")
        self.built = True

    def call(self, x):
        return tinynet.ops.tanh(x @ self.kernel) * helper.FACTOR

def factory():
    return tinynet.layers.Dense(3)

def table():
    return tinynet.layers.Embedding(5, 2)

def wrong(x):
    return tinynet.ops.stop_gradient(x) * x

def scaled(factor):
    return lambda x: x * factor

def failing(x):
    return {}["key"]

class Holder:
    inner = factory
'''


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a user's code to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    (tmp_path / "own.py").write_text(CODE)
    (tmp_path / "helper.py").write_text("FACTOR = 2.0\n")
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "raising.py").write_text("raise SystemExit(3)\n")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["tinynet.layers:LSTM(2)", "--shape", "2,3,2"], "gradcheck passed: "),
        (["tinynet.layers:Dense(units=3, activation='tanh')", "--shape", "2,3", "--training"], "24 derivatives"),
        (["tinynet.ops:add", "--shape", "2,3", "--dtype", "float32", "--shape", "3"], "13 derivatives"),
        (["tinynet.ops:log", "--shape", "2,2", "--between", "0.5", "2", "--order", "2"], "12 derivatives"),
        (["tinynet.ops:relu", "--shape", "()"], "1 derivatives"),
        (["tinynet.ops:where", "--shape", "3", "--dtype", "bool", "--shape", "3", "--shape", "3"], "10 derivatives"),
        (["own.py:Own", "--shape", "2,3"], "16 derivatives"),
        (["own.py:factory", "--shape", "2,3", "--elements", "0"], "6 derivatives"),
        (["own.py:Holder.inner", "--shape", "2,3"], "gradcheck passed"),
        (["own.py:scaled(3)", "--shape", "2"], "4 derivatives"),
        (["own.py:table", "--shape", "2,3", "--integers", "5"], "12 derivatives"),
        (["own:table", "--shape", "2,3", "--integers", "5", "--dtype", "int32"], "12 derivatives"),
    ],
)
def test_right_derivatives(argv: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, "gradcheck", *argv)
    assert ran.status == 0 and "passed" in ran.out and told in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_wrong_derivatives(capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, "gradcheck", "own.py:wrong", "--shape", 3)
    assert ran.status == 1 and "gradcheck FAILED" in ran.out and "relative error 0.5" in ran.out
    ran = command(capsys, "gradcheck", "tinynet.ops:log", "--shape", 5)
    assert ran.status == 1 and "it is not finite there; --between" in ran.out


def test_models(capsys: pytest.CaptureFixture[str]) -> None:
    layers = tinynet.layers
    tinynet.Sequential([layers.Input((3,)), layers.Dense(2, "tanh")]).save("m.keras")
    vectorize = layers.TextVectorization(vocabulary=["a"], output_mode="multi_hot")
    tinynet.Sequential([layers.Input((1,), dtype="string"), vectorize, layers.Dense(2)]).save("t.keras")
    assert "16 derivatives" in command(capsys, "gradcheck", "m.keras", "--elements", 4).out
    assert "20 derivatives" in command(capsys, "gradcheck", "m.keras", "--shape", "2,3").out
    ran = command(capsys, "gradcheck", "t.keras")
    assert ran.status == 2 and "reads texts, which nothing can be differentiated by" in ran.err


@pytest.mark.parametrize(
    ("argv", "status", "cause"),
    [
        (["tinynet.ops:tanh"], 2, "give the shape of each input with --shape"),
        (["tinynet.ops:tanhh", "--shape", "2"], 2, "tinynet.ops: has no 'tanhh'. Did you mean 'tanh'?"),
        (["own.py:Holder.iner", "--shape", "2"], 2, "own.py.Holder: has no 'iner'. Did you mean 'inner'?"),
        (["tinynet", "--shape", "2"], 2, "expected FILE.py:NAME, MODULE:NAME or a model's file"),
        (["own.py:", "--shape", "2"], 2, "expected FILE.py:OBJECT or MODULE:OBJECT"),
        (["own.py:Own()()", "--shape", "2"], 2, "expected FILE.py:OBJECT"),
        (["own.py:scaled(*[1])", "--shape", "2"], 2, "expected FILE.py:OBJECT"),
        (["own.py:scaled(open('own.py'))", "--shape", "2"], 2, "nothing but numbers, texts, lists and the like"),
        (["1/2:f", "--shape", "2"], 2, "is neither a file of Python nor the name of a module"),
        (["nothing.py:f", "--shape", "2"], 2, "nothing.py: there is no such file"),
        (["no_module_here.sub:f", "--shape", "2"], 2, "there is no module 'no_module_here'"),
        (["broken.py:f", "--shape", "2"], 1, "broken.py, line 1: SyntaxError"),
        (["raising.py:f", "--shape", "2"], 1, "raising.py: SystemExit: 3 (raising.py, line 1)"),
        (["own.py:failing", "--shape", "2"], 1, "own.py:failing: KeyError: 'key' (own.py, line"),
        (["tinynet.layers:LSTM", "--shape", "2,3,2"], 1, "missing 1 required positional argument: 'units'"),
        (["tinynet.ops:tanh", "--shape", "2", "--shape", "2"], 1, "takes 1 positional argument but 2 were given"),
        (["tinynet.ops:matmul", "--shape", "2,3", "--shape", "2,3"], 1, "matmul"),
        (["tinynet.ops:sign", "--shape", "2", "--integers", "3"], 1, "there is nothing to differentiate by"),
        (["tinynet.ops:tanh", "--shape", "2", "--dtype", "int32"], 2, "--integers: goes with an integer --dtype"),
        (["tinynet.ops:tanh", "--shape", "2", "--integers", "3", "--dtype", "float64"], 2, "goes with an integer"),
        (["tinynet.ops:tanh", "--shape", "2", "--between", "2", "1"], 2, "the lower one first; received 2 1"),
        (["math:pi", "--shape", "2"], 2, "is float, which cannot be called"),
    ],
)
def test_what_cannot_be_checked(argv: list[str], status: int, cause: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, "gradcheck", *argv)
    assert ran.status == status and cause in ran.err, ran.err


def test_named_objects() -> None:
    assert named_object("math:sqrt(9)") == (3.0, True)
    assert named_object("os.path:join('a', \"b:c\")") == ("a/b:c", True)
    assert named_object("own.py:Settings(units=-3)")[0].units == -3
