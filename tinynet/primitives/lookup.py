"""Rows of a table by number, and the mask of dropout."""

from __future__ import annotations

import numpy as np

from tinynet.errors import DataError
from tinynet.primitives.domain import Booleans, Domain, Integers, Values
from tinynet.primitives.operation import operation
from tinynet.primitives.shapes import scatter
from tinynet.primitives.slices import Slices


@operation
class embedding:
    """The rows of a table (V, D) that integers (…) name: (…, D). −1 is the last row, as in Keras.

    The table's gradient comes as slices, one for each occurrence of a row.
    """

    domain = Domain((Values("V D"), Integers("A B", below="V")))
    linear = (0,)

    def forward(table, ids):
        rows = table.shape[0]
        ids = ids.astype(np.int32, copy=False)
        try:
            return table.take(ids, axis=0), (ids, table.shape)
        except IndexError:
            wrong = int(np.flatnonzero((ids < -rows) | (ids >= rows))[0])
            raise DataError(
                f"embedding: index {int(ids.flat[wrong])} (element {wrong}) is not in [0, {rows}). "
                "Is input_dim at least the vocabulary size?"
            ) from None

    def vjp(g, residuals, needs):
        ids, shape = residuals
        if not isinstance(g, np.ndarray):
            return scatter(g, key=(ids,), shape=shape), None
        rows = ids.ravel() % shape[0]
        return Slices(rows, g.reshape(rows.size, *shape[1:]), shape), None


@operation
class dropout:
    """x / (1 − rate) where the mask keeps an element, 0 elsewhere (Srivastava et al. 2014)."""

    domain = Domain((Values("A B"), Booleans("A B", broadcast=True)), {"rate": [0.0, 0.3]})
    linear = (0,)

    def forward(x, keep, *, rate):
        # As Keras: a product with 0 or 1/(1 − rate), in the dtype of x.
        scale = keep * x.dtype.type(1 / (1 - rate))
        return x * scale, (scale,)

    def vjp(g, residuals, needs, *, rate):
        return g * residuals[0], None
