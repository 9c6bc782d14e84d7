"""Data sets for the examples and tests, each with `load_data` and `CLASS_NAMES`.

`cifar10` and `nusax_sentiment` are found in a folder given, in the folder that the environment
variable TINYNET_DATA names, in the user's cache, or are downloaded and checked against a known
hash. `digits` comes with scikit-learn and needs no download.
"""

from __future__ import annotations

from tinynet.datasets import cifar10, digits, nusax_sentiment
from tinynet.datasets._files import DatasetWarning

__all__ = ["DatasetWarning", "cifar10", "digits", "nusax_sentiment"]
