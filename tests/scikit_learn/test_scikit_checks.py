"""scikit-learn's own checks of estimators: all that it has, on the defaults, and none may fail."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from tinynet.sklearn import TextVectorizer, TinyNetClassifier, TinyNetRegressor


@parametrize_with_checks([TinyNetClassifier(), TinyNetRegressor()])
def test_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


# Those of the checks that do not hand in numbers; the rest scikit-learn has for arrays (N, F) alone.
@pytest.mark.parametrize(
    "name",
    [
        "estimator_cloneable", "estimator_tags_renamed", "valid_tag_types", "estimator_repr",
        "no_attributes_set_in_init", "do_not_raise_errors_in_init_or_set_params", "mixin_order",
        "parameters_default_constructible", "get_params_invariance", "set_params",
    ],
)  # fmt: skip
def test_vectorizer(name: str) -> None:
    getattr(estimator_checks, f"check_{name}")("TextVectorizer", TextVectorizer())
