"""A class of tinynet's that is called with Keras's arguments."""

from __future__ import annotations

from typing import Any


class Facade(type):
    """Calling the class calls its `make`; what is an instance of its `real` class is one of it."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.make(*args, **kwargs)  # type: ignore[attr-defined]

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, cls.real)  # type: ignore[attr-defined]
