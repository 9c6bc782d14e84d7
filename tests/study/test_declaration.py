"""What a study declares: its variants, who gets which value, and the refusal of what cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_studies import blobs, network, small

import tinynet
from tinynet.errors import ArgumentError, DataError
from tinynet.study import Data, Study


def test_plans() -> None:
    choices = {"units": [4, 8, 16], "activation": ["relu", "tanh"], "noise": [0.5, 1.0]}
    grid = small(choices=choices)
    assert len(grid.variants) == 12
    assert grid.variants[0] == grid.usual == {"units": 4, "activation": "relu", "noise": 0.5}
    single = small(choices=choices, plan="one_at_a_time")
    assert len(single.variants) == 1 + 2 + 1 + 1
    for variant in single.variants[1:]:
        assert sum(variant[name] != single.usual[name] for name in choices) == 1
    drawn = small(choices=choices, plan="random", samples=5)
    assert len(drawn.variants) == 5
    assert all(variant in grid.variants for variant in drawn.variants)
    assert drawn.variants == small(choices=choices, plan="random", samples=5).variants
    also = small(choices=choices, plan="one_at_a_time", also=[{"units": 8, "noise": 1.0}, {"units": 8}])
    assert also.variants[:-1] == single.variants  # what is there already comes once
    assert also.variants[-1] == {"units": 8, "activation": "relu", "noise": 1.0}


def test_labels_tell_what_is_not_as_usual() -> None:
    choices = {"units": [4, 8], "activation": ["relu", "tanh"]}
    single, grid = small(choices=choices, plan="one_at_a_time"), small(choices=choices)
    assert [single.label(v) for v in single.variants] == ["usual", "units 8", "activation tanh"]
    assert grid.label(grid.usual) == "units 4, activation relu"


def test_values_go_to_whoever_has_a_parameter_of_their_name() -> None:
    def fit(patience: int = 0, epochs: int = 1) -> dict[str, Any]:
        return {"epochs": epochs * 10, "callbacks": [patience]}

    study = small(choices={"units": [4], "noise": [0.1], "patience": [3], "batch_size": [8]}, fit=fit,
                  settings={"epochs": 2, "count": 30})  # fmt: skip
    (variant,) = study.variants
    assert study.model_for(variant).layers[0].units == 4
    assert len(study.data_for(variant).train[0]) == 30
    # epochs is fit's own parameter, so it does not go past it; batch_size goes to Model.fit itself.
    assert study.fit_arguments_for(variant) == {"epochs": 20, "callbacks": [3], "batch_size": 8}


def test_fewer_values_other_settings_other_seeds() -> None:
    study = small(also=[{"units": 16}], plan="one_at_a_time")
    less = study.restricted(units=[16], epochs=1)
    assert less.choices == {"units": [16], "activation": ["relu", "tanh"]}
    assert less.settings == {"epochs": 1, "batch_size": 16}
    assert study.settings["epochs"] == 4, "the study itself is as it was"
    assert study.with_seeds([5, 7]).seeds == [5, 7] and study.seeds == [0, 1, 2]
    with pytest.raises(ArgumentError, match=r"units is one of \[4, 16\], received \[5\]"):
        study.restricted(units=[5])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"choices": {}}, "expected choices"),
        ({"choices": {"unit": [4]}}, "no function has a parameter 'unit'. Did you mean 'units'"),
        ({"choices": {"units": []}}, "the choice 'units' has no values"),
        ({"choices": {"units": [4, 8, 4]}}, "a value twice"),
        ({"choices": {"units": [np.int64]}}, "expected 'units' to be what JSON holds"),
        ({"settings": {"units": 3}}, "'units' is both a choice and a setting"),
        ({"settings": {"epoch": 3}}, "Did you mean 'epochs'"),
        ({"settings": {"seed": 3}}, "'seed' is what `seeds` has"),
        ({"plan": "gird"}, "unknown plan 'gird'. Did you mean 'grid'"),
        ({"plan": "random"}, "samples goes with plan='random'"),
        ({"samples": 3}, "samples goes with plan='random'"),
        ({"plan": "random", "samples": 0}, "expected samples to be a whole number >= 1"),
        ({"seeds": 0}, "expected seeds to be a whole number >= 1"),
        ({"seeds": [1, 1]}, "expected seeds that differ"),
        ({"metrics": ["f2"]}, "unknown 'f2'"),
        ({"metrics": []}, "at least one metric"),
        ({"also": [{"depth": 2}]}, "'depth' is no choice"),
        ({"name": "a/b"}, "a name that can be a folder's"),
        ({"name": ""}, "a name that can be a folder's"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        small(**changes)
    assert told in str(caught.value)


def test_functions_that_return_something_else() -> None:
    study = Study("s", lambda units: units, lambda: 3, choices={"units": [1]})  # type: ignore[arg-type,return-value]
    with pytest.raises(ArgumentError, match="expected model to return a Model, received int"):
        study.model_for({"units": 1})
    with pytest.raises(ArgumentError, match="expected data to return a Data, received int"):
        study.data_for({"units": 1})
    bare = Study("s", lambda units: tinynet.Sequential([tinynet.layers.Dense(units)]), blobs, choices={"units": [1]})
    with pytest.raises(ArgumentError, match="expected model to return a compiled model"):
        bare.model_for({"units": 1})
    with pytest.raises(ArgumentError, match="fit has no argument 'epoch'. Did you mean 'epochs'"):
        small(fit={"epoch": 1}).fit_arguments_for({})


def test_the_digest_is_of_the_content() -> None:
    x, y = np.arange(12.0).reshape(6, 2), np.arange(6) % 2
    names = ("no", "yes")

    def digest(x: Any = x, y: Any = y, names: Any = names, **other: Any) -> str:
        return Data((x, y), (x, y), class_names=names, **other).digest

    same = digest()
    assert same == digest(x.copy(), y.copy(), list(names)) == digest(np.asfortranarray(x)) == digest(note="other words")
    changed = x.copy()
    changed[5, 1] += 1e-9
    others = [digest(changed), digest(x.astype("float32")), digest(x.reshape(6, 1, 2)), digest(y=1 - y),
              digest(names=("nay", "yes")), digest(names=None), digest(validation=(x, y))]  # fmt: skip
    assert len({same, *others}) == 1 + len(others)
    texts = np.array(["satu dua", "tiga", "empat", "lima", "enam", "tujuh"])
    assert digest(texts) == digest(texts.copy()) != digest(np.where(texts == "tiga", "Tiga", texts))
    assert digest({"a": x, "b": texts}) != digest({"a": x, "b": texts[::-1]})


def test_data_that_cannot_be() -> None:
    x, y = np.zeros((4, 2)), np.array([0, 1, 1, 0])
    with pytest.raises(DataError, match="one y for each x"):
        Data((x, y[:3]), (x, y))
    with pytest.raises(DataError, match="labels of the test from 0 to 1"):
        Data((x, y), (x, y + 1), class_names=("no", "yes"))
    with pytest.raises(ArgumentError, match="expected test to be a pair"):
        Data((x, y), x)  # type: ignore[arg-type]
    one_hot = Data((x, y), (x, np.eye(2)[y]), class_names=("no", "yes"))
    assert one_hot.test_set.truth.tolist() == Data((x, y), (x, y[:, None]), None, ("no", "yes")).test_set.truth.tolist()


def test_network_is_what_the_tests_think() -> None:
    assert network(5).layers[0].units == 5
