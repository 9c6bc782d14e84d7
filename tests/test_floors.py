"""The house stands: imports run downwards, the library needs NumPy alone, and its face is typed and told."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinynet

ROOT = Path(tinynet.__file__).parent

# The floor of each module or package directly below tinynet; docs/architecture.md says what stands there.
FLOORS = {
    "errors": 0, "arguments": 0, "config": 0, "naming": 0, "catalogue": 0, "vocabulary": 0, "text": 0,
    "nested": 0, "hashing": 0, "categories": 0, "lookup": 0, "tokens": 0,
    "kernels": 1, "distributions": 1, "seeds": 1,
    "primitives": 2,
    "autograd": 3,
    "ops": 4, "random": 4,
    "activations": 5, "initializers": 5, "regularizers": 5, "constraints": 5, "losses": 5, "metrics": 5,
    "optimizers": 5,
    "layers": 6,
    "models": 7, "callbacks": 7,
    "saving": 8, "data": 8,
    # Beside the house: they use what they need, and nothing in the house uses them.
    "datasets": 9, "preprocessing": 9, "testing": 9, "plotting": 9, "sklearn": 9, "utils": 9, "study": 9.5,
    "cli": 10, "__main__": 10,
}  # fmt: skip

# Imports that go up, each with its reason.
EXCEPTIONS = {
    ("models/model.py", "saving"): "Model.save stands where a user looks for it",
    ("models/trainer.py", "saving"): "fit reads the checkpoint that it resumes from",
    ("callbacks/backup_and_restore.py", "saving"): "a callback that writes checkpoints",
    ("models/__init__.py", "saving"): "models.load_model is Keras's name for it",
    ("config.py", "tinynet"): "show_config prints the version",
    ("config.py", "kernels"): "and which kernels are used",
    ("cli/__init__.py", "tinynet"): "--version prints it",
    ("study/trial.py", "tinynet"): "an outcome is that of a version",
    ("study/report.py", "tinynet"): "a report says which version wrote it",
    ("study/ready/cifar10.py", "tinynet"): "architectures are built with the package they are given",
    ("study/ready/nusax.py", "tinynet"): "architectures are built with the package they are given",
    ("cli/ready.py", "tinynet"): "an architecture is given the package that it is built with",
    ("cli/certify.py", "tinynet"): "check vectors say which version made them",
    ("cli/verify.py", "tinynet"): "so does the comparison",
}



def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


MODULES = dict(modules())


def imported(tree: ast.Module) -> Iterator[str]:
    """Full names of everything a module imports, also inside functions, but not for type checkers alone."""
    skipped = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module == "tinynet":
                yield from (f"tinynet.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)


def floor_of(name: str) -> str:
    return name.split(".")[1] if "." in name else name


@pytest.mark.parametrize("path", [path for path in MODULES if path != "__init__.py"])
def test_imports_run_downwards(path: str) -> None:
    own = path.split("/")[0].removesuffix(".py")
    assert own in FLOORS, f"{path} stands on no floor: give it one here and in docs/architecture.md"
    for name in imported(MODULES[path]):
        if name.split(".")[0] != "tinynet":
            continue
        other = floor_of(name)
        if (path, other) in EXCEPTIONS or other == own:
            continue
        assert other in FLOORS, f"{path} imports {name}, which stands on no floor"
        assert FLOORS[other] <= FLOORS[own], f"{path} (floor {FLOORS[own]}) imports {name} (floor {FLOORS[other]})"


def test_every_exception_is_used() -> None:
    used = {(path, floor_of(name)) for path, tree in MODULES.items() for name in imported(tree)}
    assert set(EXCEPTIONS) <= used


@pytest.mark.parametrize("path", MODULES)
def test_the_oracle_is_never_imported(path: str) -> None:
    assert not {"tensorflow", "keras", "tf_keras"} & {name.split(".")[0] for name in imported(MODULES[path])}


def test_import_needs_numpy_alone() -> None:
    code = (
        "import sys, tinynet, tinynet.layers, tinynet.models, tinynet.saving, tinynet.datasets, tinynet.ops\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = {name for name in printed.split() if not name.startswith(("_", "sitecustom", "usercustom"))}
    # Editable installs bring a finder of their own.
    assert {name for name in loaded if "editable" not in name} == {"numpy", "tinynet"}


def public_objects() -> Iterator[tuple[str, object]]:
    for info in pkgutil.walk_packages([str(ROOT)], "tinynet."):
        parts = info.name.split(".")
        if any(part.startswith("_") for part in parts) or parts[1] == "primitives":
            continue
        if info.name.startswith("tinynet.kernels.compiled"):  # the NumPy versions say what they compute
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            ours = inspect.isclass(value) or inspect.isfunction(value)
            if ours and not name.startswith("_") and value.__module__ == info.name:
                yield f"{info.name}.{name}", value


PUBLIC = dict(public_objects())


@pytest.mark.parametrize("name", PUBLIC)
def test_public_objects_are_documented(name: str) -> None:
    value = PUBLIC[name]
    assert inspect.getdoc(value), f"{name} has no docstring"
    if inspect.isclass(value):
        assert "__doc__" in vars(value) and value.__doc__, f"{name} has no docstring of its own"


def functions(name: str, value: object) -> Iterator[tuple[str, object]]:
    if inspect.isfunction(value):
        yield name, value
    elif inspect.isclass(value):
        for member, function in vars(value).items():
            function = getattr(function, "fget", None) or getattr(function, "__func__", function)
            if inspect.isfunction(function) and function.__module__ == value.__module__:
                yield f"{name}.{member}", function


@pytest.mark.parametrize("name", PUBLIC)
def test_public_functions_are_typed(name: str) -> None:
    for label, function in functions(name, PUBLIC[name]):
        if function.__name__ == "<lambda>" or function.__name__.startswith("__create_fn"):
            continue
        if getattr(PUBLIC[name], "__dataclass_fields__", None) and function.__name__.startswith("__"):
            continue  # made by dataclass
        signature = inspect.signature(function)
        for parameter in signature.parameters.values():
            if parameter.name not in ("self", "cls"):
                assert parameter.annotation is not inspect.Parameter.empty, f"{label}: {parameter.name} has no type"
        assert signature.return_annotation is not inspect.Signature.empty, f"{label} has no return type"
