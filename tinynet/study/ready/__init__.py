"""The studies of the two reports, ready to run: `python -m tinynet study NAME`."""

from __future__ import annotations

import functools
from collections.abc import Callable

from tinynet.study.declaration import Study
from tinynet.study.ready import cifar10, nusax

STUDIES: dict[str, Callable[[], Study]] = {
    "cifar10-cnn": cifar10.architecture,
    "cifar10-improvements": cifar10.improvements,
    "cifar10-batch-size": cifar10.batch_sizes,
    "nusax-simple-rnn": functools.partial(nusax.architecture, "simple_rnn"),
    "nusax-lstm": functools.partial(nusax.architecture, "lstm"),
    "nusax-gru": functools.partial(nusax.architecture, "gru"),
    "nusax-improvements": nusax.improvements,
    "nusax-representation": nusax.representations,
    "nusax-batch-size": nusax.batch_sizes,
}
