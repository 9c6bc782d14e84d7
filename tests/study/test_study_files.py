"""Studies by name, from TOML and from Python files; those that are ready, on few data; and the page in the docs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinynet.errors import ArgumentError, FileFormatError, MissingFileError, TinynetError
from tinynet.study import STUDIES, load

HERE = Path(__file__).parent
TOML = """
name = "from-toml"
model = "small_studies.py:network"
data = "small_studies.py:blobs"
plan = "one_at_a_time"
seeds = [3, 4]
metrics = ["accuracy"]
choices = {units = [4, 16], noise = [0.5, 1.0]}
[settings]
epochs = 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small_studies.py").write_text((HERE / "small_studies.py").read_text())
    return tmp_path


def test_toml(folder: Path) -> None:
    (folder / "study.toml").write_text(TOML)
    study = load(str(folder / "study.toml"))
    assert (study.name, study.seeds, study.settings) == ("from-toml", [3, 4], {"epochs": 2})
    results = study.run(folder / "out", jobs=2, quiet=True)
    assert len(results.outcomes) == 6 and not results.failed
    assert [metric.name for metric in results.metrics] == ["accuracy"]


def test_python(folder: Path) -> None:
    (folder / "study.py").write_text(
        (HERE / "small_studies.py").read_text().split("if __name__")[0] + "\nstudy = small()\n"
    )
    study = load(str(folder / "study.py"))
    assert not study.restricted(units=[4]).with_seeds(2).run(folder / "out", jobs=2, quiet=True).failed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("name =", "nam ="), "unknown key 'nam'. Did you mean 'name'"),
        (('data = "small_studies.py:blobs"', ""), "the key 'data' is missing"),
        (("small_studies.py:blobs", "cifar"), "data: 'cifar' is unknown. Did you mean 'cifar10'"),
        (("small_studies.py:blobs", "small_studies.py:blob"), "has no function 'blob'"),
        (("small_studies.py:blobs", "other.py:blobs"), "there is no file"),
        (("small_studies.py:blobs", "no_such_module:blobs"), "'no_such_module' cannot be imported"),
        (("choices = {units = [4, 16], noise = [0.5, 1.0]}", "choices = 3"), "expected choices to be a table"),
        (("units = [4, 16]", "unit = [4, 16]"), "no function has a parameter 'unit'"),
        (("seeds = [3, 4]", "seeds = [3"), "is no TOML"),
    ],
)
def test_toml_that_declares_no_study(folder: Path, change: tuple[str, str], told: str) -> None:
    path = folder / "study.toml"
    path.write_text(TOML.replace(*change))
    with pytest.raises(TinynetError) as caught:
        load(str(path))
    assert told in str(caught.value)


def test_names_and_files_that_are_not_there(folder: Path) -> None:
    with pytest.raises(ArgumentError, match="unknown 'nusax-lstn'. Did you mean 'nusax-lstm'"):
        load("nusax-lstn")
    with pytest.raises(MissingFileError):
        load(str(folder / "none.toml"))
    (folder / "empty.py").write_text("study = 3\n")
    with pytest.raises(FileFormatError, match="expected it to assign a Study to the name 'study', found int"):
        load(str(folder / "empty.py"))


@pytest.mark.parametrize("name", STUDIES)
def test_ready_studies_are_complete(name: str) -> None:
    """Whatever may be chosen is something that can be built."""
    study = load(name)
    assert study.name == name and study.description and study.title != name
    for variant in study.variants:
        model = study.model_for(variant)
        assert model.compiled
        study.fit_arguments_for(variant)


@pytest.mark.skipif("TINYNET_DATA" not in os.environ, reason="reads the real data")
def test_ready_studies_run_on_few_data(tmp_path: Path) -> None:
    images = load("cifar10-improvements").with_seeds(1).restricted(images=200, validation=50, test=100, epochs=1)
    texts = load("nusax-improvements").with_seeds(1).restricted(epochs=1)
    sizes = load("nusax-batch-size").with_seeds(1).restricted(batch_size=[32, 500], epochs=1)
    bags = load("nusax-representation").with_seeds(1).restricted(epochs=1)
    for study in (images, texts, sizes, bags):
        results = study.run(tmp_path / study.name, quiet=True)
        assert not results.failed
    rows = sizes.run(tmp_path / sizes.name, quiet=True).rows()
    assert len(rows) == 2 and all(row["training step / forward"] > 0 for row in rows)
