"""What stands for the parts of Keras that tinynet does not have, and for packages that its tests import besides."""

from __future__ import annotations

from typing import Any


class NotInTinynet(BaseException):
    """A test came upon something tinynet does not have.

    No `Exception`, so that a test which expects an error of Keras's does not take it for one.
    """


class Absent:
    """Takes the place of a name, so that a test module can be imported; whatever is done with it is refused."""

    def __init__(self, path: str) -> None:
        self.path = path

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotInTinynet(f"tinynet has no {self.path}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self.path}.{name}")

    def __repr__(self) -> str:
        return f"<absent {self.path}>"

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (type("Base", (), {"__init__": lambda *_, **__: self._refuse()}),)

    __call__ = __bool__ = __iter__ = __len__ = __getitem__ = __enter__ = __instancecheck__ = _refuse
    __array__ = __int__ = __float__ = _refuse
