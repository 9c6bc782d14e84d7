"""Averages and middles over one axis, several, or all: keras.io/api/ops/numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, constant
from tinynet.errors import ArgumentError, DtypeError, ShapeError
from tinynet.ops._arguments import Axis, axes, floating, pair, tensor
from tinynet.ops.arithmetic import clip, where
from tinynet.ops.creation import linspace
from tinynet.ops.elementwise import sqrt
from tinynet.ops.reductions import mean, sum
from tinynet.ops.shapes import diff, expand_dims, moveaxis, pad, sort, take_along_axis
from tinynet.primitives.operation import normalized_axes


def average(x: Any, axis: Axis = None, weights: Any = None) -> Tensor:
    """The mean over `axis`, in which elements count as much as `weights` says.

    weights: of the shape of x, or, over one axis, one for each element along it.

    Raises `ShapeError` for weights of another shape.

    >>> average([1.0, 2.0, 4.0], weights=[1.0, 1.0, 2.0]).item()
    2.75
    """
    if weights is None:
        return mean(x, axis)
    x, weights = pair(floating(x), floating(weights), "average")
    over = axes(axis, x.ndim, "average")
    if weights.shape != x.shape:
        if not isinstance(over, int) or weights.shape != (x.shape[over],):
            raise ShapeError(f"average: weights of shape {weights.shape} do not fit shape {x.shape} over axis={axis!r}")
        weights = weights.reshape([-1 if a == over % x.ndim else 1 for a in range(x.ndim)])
    weights = x * 0 + weights
    return sum(x * weights, over) / sum(weights, over)


def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The element in the middle over `axis`, or the mean of the two there.

    >>> median([3.0, 1.0, 2.0, 10.0]).item()
    2.5
    """
    x = floating(x)
    over = normalized_axes(axes(axis, x.ndim, "median"), x.ndim)
    kept = [a for a in range(x.ndim) if a not in over]
    rows = sort(x.transpose(*kept, *over).reshape(*(x.shape[a] for a in kept), -1))
    count = rows.shape[-1]
    middle = rows[..., (count - 1) // 2 : count // 2 + 1].mean(-1)
    return middle.reshape([1 if a in over else n for a, n in enumerate(x.shape)]) if keepdims else middle


METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """The values below which a share q of the elements over `axis` lies: of the shape of q, then of what x has left.

    q: a share from 0 to 1, or several; it has no gradient. method: between two elements 'linear' takes the point at the share, 'lower' and
        'higher' one of them, 'nearest' the nearer one and 'midpoint' their mean.

    Raises `ArgumentError` for another share or method.

    >>> quantile([1.0, 2.0, 4.0], 0.25).item()
    1.5
    """
    return _quantile(x, q, axis, method, keepdims, "quantile")


def percentile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """As `quantile`, of shares in percent.

    >>> percentile([1.0, 2.0, 4.0], 50).item()
    2.0
    """
    return _quantile(x, _share(q), axis, method, keepdims, "percentile")


def nanquantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """As `quantile`, of what is not nan; nan where nothing is left.

    >>> nanquantile([1.0, float("nan"), 2.0], 0.5).item()
    1.5
    """
    return _quantile(x, q, axis, method, keepdims, "nanquantile", without_nan=True)


def nanpercentile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """As `percentile`, of what is not nan.

    >>> nanpercentile([1.0, float("nan"), 2.0], 50).item()
    1.5
    """
    return _quantile(x, _share(q), axis, method, keepdims, "nanpercentile", without_nan=True)


def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """As `median`, of what is not nan; nan where nothing is left.

    >>> nanmedian([1.0, float("nan"), 2.0]).item()
    1.5
    """
    return _quantile(x, 0.5, axis, "linear", keepdims, "nanmedian", without_nan=True)


def _share(percent: Any) -> np.ndarray:
    return tensor(percent).numpy().astype(np.float64) / 100


def _quantile(
    x: Any, q: Any, axis: Axis, method: str, keepdims: bool, owner: str, without_nan: bool = False
) -> Tensor:
    if method not in METHODS:
        raise ArgumentError(f"{owner}: method must be one of {', '.join(METHODS)}, received {method!r}")
    x, shares = floating(x), tensor(q).numpy().astype(np.float64)
    if shares.ndim > 1 or not ((shares >= 0) & (shares <= 1)).all():
        raise ArgumentError(f"{owner}: shares must lie between the least and the most, one or in a list, received {q!r}")
    over = normalized_axes(axes(axis, x.ndim, owner), x.ndim)
    kept = [a for a in range(x.ndim) if a not in over]
    rows = x.transpose(*kept, *over).reshape(*(x.shape[a] for a in kept), -1)
    missing = np.isnan(rows.numpy())
    counts = np.full(missing.shape[:-1], missing.shape[-1])
    if without_nan:
        counts = counts - missing.sum(-1)
        rows = where(missing, rows.dtype.type(math.inf), rows)  # so that it stands last
    rows = sort(rows)
    empty = (counts == 0) if without_nan else missing.any(-1)
    place = np.maximum(counts - 1, 0) * shares.reshape(shares.shape + (1,) * counts.ndim)  # (shares, kept)
    below, above = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
    if method == "nearest":
        below = above = np.round(place).astype(np.int64)
    weight = {"lower": 0.0, "higher": 1.0, "midpoint": 0.5 * (above > below)}.get(method, place - below)
    low, high = (_taken(rows, places, shares.ndim) for places in (below, above))
    weight = np.asarray(weight, x.dtype)
    with np.errstate(invalid="ignore"):  # of rows without elements, which are nan below
        between = low * (1 - weight) + high * weight
    found = where(np.broadcast_to(weight, low.shape) == 0, low, between)
    found = where(np.broadcast_to(empty, found.shape), found.dtype.type(math.nan), found)
    if not keepdims:
        return found
    return found.reshape([*shares.shape, *(1 if a in over else n for a, n in enumerate(x.shape))])


def _taken(rows: Tensor, places: np.ndarray, several: int) -> Tensor:
    """The elements of each row at the places of its own, the shares in front."""
    if not several:
        return take_along_axis(rows, places[..., None], axis=-1)[..., 0]
    return moveaxis(take_along_axis(rows, np.moveaxis(places, 0, -1), axis=-1), -1, 0)


def corrcoef(x: Any) -> Tensor:
    """The correlations (Pearson) of the rows of x (M, N) with each other: (M, M).

    >>> corrcoef([[1.0, 2.0], [3.0, 1.0]]).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    x = floating(x)
    if x.ndim != 2:
        raise ShapeError(f"corrcoef: expected rows of shape (M, N), received shape {x.shape}")
    centred = x - mean(x, -1, keepdims=True)
    covariance = centred @ centred.T
    deviation = sqrt(sum(centred * centred, -1))
    return clip(covariance / (expand_dims(deviation, 1) * deviation), -1.0, 1.0)


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Tensor:
    """The sums of products of a vector x1 and of a vector x2 that slides along it.

    mode: 'valid' where x2 lies within x1, 'same' as many as the longer has elements, 'full' wherever they meet.

    Raises `ShapeError` for what are no vectors, `ArgumentError` for another mode.

    >>> correlate([1.0, 2.0, 3.0], [0.0, 1.0]).tolist()
    [2.0, 3.0]
    """
    a, b = pair(floating(x1), floating(x2), "correlate")
    if mode not in ("valid", "same", "full"):
        raise ArgumentError(f"correlate: mode must be 'valid', 'same' or 'full', received {mode!r}")
    if a.ndim != 1 or b.ndim != 1 or not len(a) or not len(b):
        raise ShapeError(f"correlate: expected two vectors with elements, received shapes {a.shape} and {b.shape}")
    least, most = (len(a), len(b)) if len(a) < len(b) else (len(b), len(a))
    padded = pad(a, ((len(b) - 1, len(b) - 1),))
    places = np.arange(len(a) + len(b) - 1)[:, None] + np.arange(len(b))
    full = padded[places] @ b
    if mode == "full":
        return full
    first = least - 1 if mode == "valid" else (least - 1) // 2 if len(a) >= len(b) else least // 2
    return full[first : first + (most - least + 1 if mode == "valid" else most)]


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """The integral along `axis` by the trapezoidal rule.

    x: where the values y are, along that axis or in the shape of y; at distances dx without it.

    >>> trapezoid([1.0, 2.0, 3.0]).item()
    4.0
    """
    y = moveaxis(floating(y), axis, -1)
    widths: Any = dx
    if x is not None:
        x = floating(x)
        widths = diff(x if x.ndim < 2 else moveaxis(x, axis, -1))
    return sum((y[..., 1:] + y[..., :-1]) * 0.5 * widths, -1)


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Tensor:
    """How often each whole number from 0 on occurs in x (N) or in each row (M, N); with weights, their sums.

    minlength: the least length of the result. Raises `ArgumentError` for sparse=True, `DtypeError` for floats and
    negative numbers, `ShapeError` for weights of another shape.

    >>> bincount([0, 2, 2]).tolist()
    [1, 0, 2]
    """
    if sparse:
        raise ArgumentError("bincount: sparse=True is not supported, tinynet has dense tensors only")
    numbers = tensor(x).numpy()
    if numbers.dtype.kind not in "iub" or (numbers.size and numbers.min() < 0):
        raise DtypeError(f"bincount: expected whole numbers from 0 on, received {numbers.dtype.name}")
    numbers = numbers.astype(np.int64)
    given = None if weights is None else tensor(weights).numpy()
    if numbers.ndim not in (1, 2) or (given is not None and given.shape != numbers.shape):
        weighed = "" if given is None else f" and {given.shape}"
        raise ShapeError(f"bincount: expected x and weights (N) or (M, N), received {numbers.shape}{weighed}")
    length = max(int(numbers.max(initial=-1)) + 1, int(minlength))
    dtype = np.dtype(np.int32) if given is None else given.dtype
    rows = numbers.reshape(-1, numbers.shape[-1])
    sums = [
        np.bincount(row, None if given is None else given.reshape(rows.shape)[i], length) for i, row in enumerate(rows)
    ]
    return Tensor(np.array(sums).reshape(*numbers.shape[:-1], length).astype(dtype))


def histogram(x: Any, bins: int = 10, range: tuple[float, float] | None = None) -> tuple[Tensor, Tensor]:
    """How many elements of x lie in each of so many equal bins, and the edges of these.

    range: from the first edge to the last, beyond which nothing is counted; from the smallest to the largest element
    without it. The last bin holds its upper edge, too. Both results are of the dtype of x.

    Raises `ArgumentError` for no bin, or a range that is none.

    >>> [part.tolist() for part in histogram([0.0, 1.0, 1.0, 4.0], 2)]
    [[3.0, 1.0], [0.0, 2.0, 4.0]]
    """
    x = tensor(x)
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or bins < 1:
        raise ArgumentError(f"histogram: bins must be a whole number from 1 on, received {bins!r}")
    values = x.numpy()
    if range is not None and not (len(range) == 2 and range[0] < range[1]):
        raise ArgumentError(f"histogram: range must be two rising numbers, received {range!r}")
    low, high = (values.min(initial=np.inf), values.max(initial=-np.inf)) if range is None else range
    if not values.size and range is None:
        low, high = 0, 1
    edges = linspace(float(low), float(high), bins + 1).numpy().astype(x.dtype)
    inside = values[(values >= low) & (values <= high)]
    counts = np.bincount(np.searchsorted(edges[1:-1], inside, side="right"), minlength=bins)
    return constant(np.asarray, counts).astype(x.dtype), Tensor(edges)
