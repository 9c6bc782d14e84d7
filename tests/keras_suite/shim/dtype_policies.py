"""keras.src.dtype_policies: tinynet's layers compute in the dtype of their weights."""

from __future__ import annotations

from keras_suite.absent import NotInTinynet
from tinynet import config
from tinynet.layers import Layer

__all__ = ["DTypePolicy", "dtype_policy", "serialize", "set_dtype_policy"]


class DTypePolicy:
    """A dtype by its name; mixed precision there is none."""

    def __new__(cls, name: str) -> str:  # type: ignore[misc]
        if name not in config.FLOAT_DTYPES:
            raise NotInTinynet(f"tinynet does not compute in {name}")
        return name


def dtype_policy() -> str:
    return config.floatx()


def set_dtype_policy(policy: str) -> None:
    config.set_floatx(DTypePolicy(policy))


def serialize(policy: str) -> dict[str, object]:
    """A dtype as layers write it into their configurations."""
    return Layer(dtype=policy).get_config()["dtype"]
