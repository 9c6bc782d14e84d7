"""For each function of tinynet.ops, the arguments it is compared with Keras on."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from oracle import SEEDS, arrays, axis_of, broadcasting, filled, shapes, some_axes

FLOATS = ("float32", "float64")
WIDE = ("float32", "float64", "int32", "int64")
ALL = (*WIDE, "bool", "uint8", "int8", "int16")


def call(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, kwargs


def elementwise(low: float = -3.0, high: float = 3.0, dtypes: tuple[str, ...] = FLOATS) -> Any:
    return arrays(dtypes=dtypes, low=low, high=high).map(call)


@st.composite
def operands(
    draw: Any,
    dtypes: tuple[str, ...] = WIDE,
    low: float = -3.0,
    high: float = 3.0,
    low2: Any = None,
    number: bool = True,
) -> Any:
    """Two operands that broadcast together, of drawn dtypes; one may be a Python number."""
    shape = draw(shapes(0, 3))
    own = (draw(broadcasting(shape)), shape)
    if draw(st.booleans()):
        own = own[::-1]
    lows = (low, low if low2 is None else low2)
    found = [
        filled(s, draw(SEEDS), draw(st.sampled_from(dtypes)), at, high)
        for s, at in zip(own, lows, strict=True)
    ]
    if number and draw(st.booleans()):
        found[1] = draw(st.sampled_from([1, 2, 0.5, 2.5]))
    return call(*found)


def not_taken_for_a_bias(drawn: Any) -> bool:
    """Keras 3.15.1 adds any second operand with one axis above 1 along the last or second axis of
    the first, where the sizes agree: (2, 2) + (2, 1) comes out as (2, 2) + (2,)."""
    (x1, x2), _ = drawn
    return np.ndim(x1) < 2 or np.ndim(x2) < 2 or sum(n > 1 for n in np.shape(x2)) != 1


@st.composite
def reduction(
    draw: Any,
    dtypes: tuple[str, ...] = ALL,
    several: bool = True,
    keepdims: bool = True,
    low: float = -3.0,
    none: bool = True,
) -> Any:
    x = draw(arrays(1, 3, dtypes, low=low))
    one = axis_of(x.ndim)
    axis = draw(some_axes(x.ndim) if several else st.one_of(st.none(), one) if none else one)
    kwargs = {"keepdims": draw(st.booleans())} if keepdims else {}
    return call(x, axis=axis, **kwargs)


@st.composite
def extreme(draw: Any, dtypes: tuple[str, ...] = ALL) -> Any:
    (x,), kwargs = draw(reduction(dtypes))
    if draw(st.booleans()) and x.dtype.kind != "b":
        kwargs["initial"] = draw(st.sampled_from([0, 2] if x.dtype.kind == "u" else [-1, 0, 2]))
    return (x,), kwargs


@st.composite
def with_(draw: Any, array: Any, **choices: Any) -> Any:
    """An array, and keywords each drawn or left out."""
    x = draw(array)
    kwargs = {key: draw(c(x) if callable(c) else c) for key, c in choices.items() if draw(st.booleans())}
    return call(x, **kwargs)


@st.composite
def after(draw: Any, array: Any, *positional: Any) -> Any:
    """An array, and further positional arguments that may depend on it."""
    x = draw(array)
    return call(x, *(draw(p(x) if callable(p) else p) for p in positional))


@st.composite
def products(draw: Any) -> Any:
    a, b, c, d = draw(st.tuples(*[st.integers(1, 4)] * 4))
    left, right = draw(
        st.sampled_from([((a, b), (b, c)), ((b,), (b, c)), ((d, a, b), (b,)), ((d, a, b), (d, b, c))])
    )
    return call(filled(left, draw(SEEDS)), filled(right, draw(SEEDS), draw(st.sampled_from(FLOATS))))


@st.composite
def dots(draw: Any) -> Any:
    a, b, c, d = draw(st.tuples(*[st.integers(1, 4)] * 4))
    left, right = draw(
        st.sampled_from(
            [((a, b), (b, c)), ((b,), (b,)), ((d, a, b), (b,)), ((a, b), (d, b, c)), ((), (a, b))]
        )
    )
    return call(filled(left, draw(SEEDS)), filled(right, draw(SEEDS)))


@st.composite
def contractions(draw: Any) -> Any:
    a, b, c, d = draw(st.tuples(*[st.integers(1, 4)] * 4))
    x = filled((a, b, c), draw(SEEDS))
    shape, axes = draw(
        st.sampled_from(
            [((b, c, d), 2), ((c, d), 1), ((d, b), [1, 1]), ((c, b), [[2, 1], [0, 1]]), ((d,), 0)]
        )
    )
    return call(x, filled(shape, draw(SEEDS)), axes=axes)


@st.composite
def einsums(draw: Any) -> Any:
    a, b, c, d = draw(st.tuples(*[st.integers(1, 4)] * 4))
    subscripts, operand_shapes = draw(
        st.sampled_from(
            [
                ("ij,jk->ik", [(a, b), (b, c)]),
                ("abc,cd->abd", [(a, b, c), (c, d)]),
                ("ij->j", [(a, b)]),
                ("...i,ij->...j", [(a, b, c), (c, d)]),
                ("bij,bjk->bik", [(d, a, b), (d, b, c)]),
            ]
        )
    )
    return call(subscripts, *(filled(s, draw(SEEDS)) for s in operand_shapes))


@st.composite
def norms(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    keepdims = draw(st.booleans())
    if x.ndim == 1 or draw(st.booleans()):
        orders = [None, 0, 1, 2, 3, -1, np.inf, -np.inf]
        return call(x, ord=draw(st.sampled_from(orders)), axis=draw(axis_of(x.ndim)), keepdims=keepdims)
    orders = [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]
    axis = tuple(draw(st.permutations(range(x.ndim)))[:2])
    keepdims = keepdims and axis[0] < axis[1]  # the other way round Keras puts axes back that are not there
    return call(x, ord=draw(st.sampled_from(orders)), axis=axis, keepdims=keepdims)


@st.composite
def reshapes(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    return call(x, draw(st.sampled_from([(-1,), x.shape[::-1], (1, -1), (x.shape[0], -1), -1])))


@st.composite
def joined(draw: Any, new: bool, dtypes: tuple[str, ...] = WIDE) -> Any:
    shape = draw(shapes(1, 3))
    axis = draw(axis_of(len(shape) + new))
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        own = list(shape)
        if not new:
            own[axis] = draw(st.integers(1, 3))
        parts.append(filled(tuple(own), draw(SEEDS), draw(st.sampled_from(dtypes))))
    return call(parts, axis=axis)


@st.composite
def splits(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    axis = draw(axis_of(x.ndim))
    n = x.shape[axis]
    cut = st.lists(st.integers(0, n), min_size=1, max_size=3).map(sorted)
    sections = st.sampled_from([k for k in range(1, n + 1) if n % k == 0])
    return call(x, draw(st.one_of(cut, sections)), axis=axis)


@st.composite
def pads(draw: Any) -> Any:
    x = draw(arrays(1, 3, ("float32", "int32")))
    mode = draw(st.sampled_from(["constant", "reflect", "symmetric"]))
    most = [3 if mode == "constant" else n - (mode == "reflect") for n in x.shape]
    widths = tuple((draw(st.integers(0, m)), draw(st.integers(0, m))) for m in most)
    kwargs = {"constant_values": 2} if mode == "constant" and draw(st.booleans()) else {}
    return call(x, widths, mode=mode, **kwargs)


@st.composite
def taken(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    axis = draw(st.one_of(st.none(), axis_of(x.ndim)))
    n = x.size if axis is None else x.shape[axis]
    indices = filled(draw(shapes(0, 2)), draw(SEEDS), "int32", -n, n)
    return call(x, indices, axis=axis)


@st.composite
def taken_along(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    axis = draw(axis_of(x.ndim))
    shape = list(x.shape)
    shape[axis] = draw(st.integers(1, 3))
    indices = filled(tuple(shape), draw(SEEDS), "int32", -x.shape[axis], x.shape[axis])
    return call(x, indices, axis=axis)


@st.composite
def moved(draw: Any) -> Any:
    x = draw(arrays(1, 4))
    count = draw(st.integers(1, x.ndim))
    of, to = (draw(st.permutations(range(x.ndim)))[:count] for _ in range(2))
    return call(x, of[0] - x.ndim, to[0]) if draw(st.booleans()) else call(x, tuple(of), tuple(to))


@st.composite
def widened(draw: Any) -> Any:
    shape = draw(shapes(1, 3))
    return call(filled(draw(broadcasting(shape)), draw(SEEDS)), shape)


@st.composite
def squeezed(draw: Any) -> Any:
    shape = tuple(draw(st.lists(st.sampled_from([1, 1, 3]), min_size=1, max_size=4)))
    ones = [a for a, n in enumerate(shape) if n == 1]
    axis = draw(st.sampled_from([None, *ones, tuple(ones) or None]))
    return call(filled(shape, draw(SEEDS)), axis=axis)


@st.composite
def classified(draw: Any, sparse: bool, binary: bool = False) -> Any:
    """Targets and outputs of a cross-entropy, probabilities or logits, some of them extreme."""
    shape = draw(shapes(1, 3, smallest=2))
    logits = draw(st.booleans())
    spread = draw(st.sampled_from([1.0, 30.0]))
    output = filled(shape, draw(SEEDS), low=-spread, high=spread)
    if not logits:
        e = np.exp(output - output.max(-1, keepdims=True))
        output = (1 / (1 + np.exp(-output)) if binary else e / e.sum(-1, keepdims=True)).astype("float32")
    if sparse:
        target = filled(shape[:-1], draw(SEEDS), draw(st.sampled_from(["int32", "int64"])), 0, shape[-1])
        target = target[..., None] if draw(st.booleans()) else target
    else:
        target = filled(shape, draw(SEEDS), low=0.1, high=1.0)
    # TensorFlow cannot count an axis of logits from the end, but for the last.
    kwargs = {} if binary or sparse else {"axis": draw(st.integers(-1, len(shape) - 1))}
    if kwargs:
        # TensorFlow's derivative of the loss from logits is right only where targets add up to 1.
        target = target / target.sum(kwargs["axis"], keepdims=True)
    return call(target, output, from_logits=logits, **kwargs)


@st.composite
def readable(draw: Any) -> Any:
    """Labels and logits of a connectionist temporal classification, with enough steps for all labels."""
    samples, classes, most = draw(st.integers(1, 3)), draw(st.integers(2, 4)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(SEEDS))
    lengths = rng.integers(0, most + 1, samples)
    steps = 2 * most + draw(st.integers(0, 2))
    durations = rng.integers(np.maximum(2 * lengths, 1), steps + 1)
    blank = draw(st.integers(0, classes - 1))
    labels = (blank + rng.integers(1, classes, (samples, most))) % classes
    logits = filled((samples, steps, classes), draw(SEEDS))
    return call(labels.astype("int32"), logits, lengths.astype("int32"), durations.astype("int32"), mask_index=blank)


@st.composite
def batch_normalized(draw: Any) -> Any:
    x = draw(arrays(2, 4))
    axis = draw(axis_of(x.ndim))
    c = (x.shape[axis],)
    own = {key: filled(c, draw(SEEDS)) for key in ("offset", "scale") if draw(st.booleans())}
    return call(x, filled(c, draw(SEEDS)), filled(c, draw(SEEDS), low=0.1), axis=axis, epsilon=1e-3, **own)


@st.composite
def layer_normalized(draw: Any) -> Any:
    x = draw(arrays(2, 4))
    axis = draw(st.sampled_from([-1, x.ndim - 1, 1, (0, 1), (-1, -2)]))
    over = sorted({a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))})
    shape = tuple(x.shape[a] for a in over)
    rms = draw(st.booleans())
    # Keras's own scale and offset fit several axes, or axes from the end, only in part.
    kwargs = {}
    if axis == -1 or axis == x.ndim - 1 or axis == 1:
        kwargs = {
            key: filled(shape, draw(SEEDS)) for key in ("gamma", "beta") if draw(st.booleans()) and not rms
        }
    if rms:
        kwargs["rms_scaling"] = True
    return call(x, axis=axis, epsilon=draw(st.sampled_from([None, 1e-3])) if not rms else 1e-3, **kwargs)


@st.composite
def rms_normalized(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    kwargs = {"scale": filled(x.shape[-1:], draw(SEEDS))} if draw(st.booleans()) else {}
    return call(x, axis=-1, epsilon=draw(st.sampled_from([None, 1e-3])), **kwargs)


@st.composite
def ranges(draw: Any) -> Any:
    # TensorFlow refuses a range whose step leads away from its end; NumPy's is empty.
    start, count = draw(st.integers(-5, 5)), draw(st.integers(0, 7))
    step = draw(st.sampled_from([1, 2, -1, 0.5]))
    stop = start + count
    chosen = st.sampled_from(
        [(count,), (start, stop), (start, start + count * step, step), (float(start), stop)]
    )
    numbers = draw(chosen)
    dtypes = ["float32", "float64"] if any(isinstance(n, float) for n in numbers) else ["int64", "float32"]
    return call(*numbers, **({"dtype": draw(st.sampled_from(dtypes))} if draw(st.booleans()) else {}))


@st.composite
def chosen_where(draw: Any) -> Any:
    shape = draw(shapes(0, 3))
    condition = filled(draw(broadcasting(shape)), draw(SEEDS), "bool")
    if shape and draw(st.booleans()):
        return call(filled(shape, draw(SEEDS), "bool"))
    (x1, x2), _ = draw(operands(number=False))
    if draw(st.booleans()):
        return call(condition, 1.5, filled(shape, draw(SEEDS), draw(st.sampled_from(WIDE))))
    return call(filled((), draw(SEEDS), "bool"), x1, x2)


@st.composite
def weighted(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    axis = draw(axis_of(x.ndim))
    shape = draw(st.sampled_from([x.shape, (x.shape[axis],)]))
    weights = {"weights": filled(shape, draw(SEEDS), low=0.1)} if draw(st.booleans()) else {}
    return call(x, axis=axis, **weights)


@st.composite
def stacked(draw: Any, least: int) -> Any:
    shape = draw(shapes(2 if least == 0 else 1, 3))  # vectors on top of each other Keras puts into one row
    along = 0 if least == 1 and len(shape) == 1 else least  # the axis along which they may differ
    if draw(st.booleans()) or len(shape) <= along:
        return call([filled(shape, draw(SEEDS)) for _ in range(draw(st.integers(2, 3)))])
    return call([filled((*shape[:along], draw(st.integers(1, 3)), *shape[along + 1 :]), draw(SEEDS)) for _ in range(2)])


@st.composite
def appended(draw: Any) -> Any:
    if draw(st.booleans()):
        return call(draw(arrays(0, 2)), draw(arrays(0, 2)))
    (xs,), kwargs = draw(joined(new=False, dtypes=FLOATS))
    return call(xs[0], xs[-1], **kwargs)


@st.composite
def uneven_splits(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    axis = draw(axis_of(x.ndim))
    return call(x, draw(st.integers(1, x.shape[axis])), axis=axis)


@st.composite
def diagonals(draw: Any) -> Any:
    x = draw(arrays(2, 4))
    first, second = draw(st.permutations(range(x.ndim)))[:2]
    smallest = min(x.shape[first], x.shape[second])
    return call(x, draw(st.integers(1 - smallest, smallest - 1)), first, second)


@st.composite
def rolled(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    if draw(st.booleans()):
        return call(x, draw(st.integers(-9, 9)))
    axes = tuple(range(draw(st.integers(1, x.ndim))))
    return call(x, tuple(draw(st.integers(-9, 9)) for _ in axes), axes)


@st.composite
def windows(draw: Any, update: bool) -> Any:
    x = draw(arrays(1, 3))
    start = tuple(draw(st.integers(0, n - 1)) for n in x.shape)
    shape = tuple(draw(st.integers(1, n - a)) for a, n in zip(start, x.shape, strict=True))
    return call(x, start, filled(shape, draw(SEEDS)) if update else shape)


@st.composite
def scattered(draw: Any, update: bool) -> Any:
    shape = draw(shapes(1, 3))
    depth, count = draw(st.integers(1, len(shape))), draw(st.integers(1, 4))
    places = np.array([[draw(st.integers(0, n - 1)) for n in shape[:depth]] for _ in range(count)], "int32")
    reduction = draw(st.sampled_from([None, "add"]))
    if update and reduction is None:
        places = np.unique(places, axis=0)  # of several for one place TensorFlow promises none
    values = filled((len(places), *shape[depth:]), draw(SEEDS))
    if not update:
        return call(places, values, shape)
    return call(filled(shape, draw(SEEDS)), places, values, reduction=reduction)


@st.composite
def segments(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    ids = filled(x.shape[:1], draw(SEEDS), "int32", -1, 4)
    return call(x, ids, num_segments=draw(st.integers(4, 5)))


@st.composite
def tops(draw: Any) -> Any:
    x = draw(arrays(1, 3, WIDE))
    return call(x, draw(st.integers(1, x.shape[-1])))


@st.composite
def in_tops(draw: Any) -> Any:
    rows, classes = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    labels = filled((rows,), draw(SEEDS), "int32", 0, classes)
    scores = np.round(filled((rows, classes), draw(SEEDS)))  # with equal ones
    return call(labels, scores, draw(st.integers(1, classes)))


@st.composite
def searched(draw: Any, dtypes: tuple[str, ...] = FLOATS, **settings: Any) -> Any:
    dtype = draw(st.sampled_from(dtypes))
    row = np.sort(filled((draw(st.integers(1, 6)),), draw(SEEDS), dtype))
    values = filled(draw(shapes(1, 2)), draw(SEEDS), dtype)
    values.flat[0] = row[0]
    return call(row, values, **{key: draw(choice) for key, choice in settings.items()})


@st.composite
def crossed(draw: Any) -> Any:
    shape = (*draw(shapes(0, 2)), 3)
    return call(filled(shape, draw(SEEDS)), filled(shape, draw(SEEDS)))


@st.composite
def inner_products(draw: Any) -> Any:
    count = draw(st.integers(1, 4))
    left, right = ((*draw(shapes(0, 2)), count) for _ in range(2))
    return call(filled(left, draw(SEEDS)), filled(right, draw(SEEDS)))


@st.composite
def not_finite(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    for value in (np.nan, np.inf, -np.inf):
        x.flat[draw(st.integers(0, x.size - 1))] = value
    return call(x, **draw(st.sampled_from([{}, {"nan": 1.0, "posinf": 2.0, "neginf": -3.0}])))


@st.composite
def lines(draw: Any) -> Any:
    count, inclusive = draw(st.integers(2, 6)), draw(st.booleans())
    if draw(st.booleans()):
        return call(draw(st.integers(-3, 3)), draw(st.floats(4, 9, width=16)), count, inclusive)
    shape = draw(shapes(0, 2))
    return call(filled(shape, draw(SEEDS)), filled(shape, draw(SEEDS)), num=count, endpoint=inclusive)


@st.composite
def chosen(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    return call(draw(st.booleans()), lambda: x, lambda: x[:1])


@st.composite
def invertible(draw: Any, symmetric: bool = False) -> Any:
    """Square matrices far from singular; symmetric ones are positive definite."""
    size = draw(st.integers(1, 4))
    x = filled((*draw(shapes(0, 2)), size, size), draw(SEEDS), low=-1, high=1)
    if symmetric:
        return x @ x.swapaxes(-1, -2) + np.eye(size, dtype="float32")
    return x + 4 * np.eye(size, dtype="float32")


@st.composite
def systems(draw: Any, triangular: bool = False) -> Any:
    a = draw(invertible())
    b = filled((*a.shape[:-1], *draw(st.sampled_from([(), (1,), (3,)]))), draw(SEEDS))
    return call(a, b, **({"lower": draw(st.booleans())} if triangular else {}))


@st.composite
def of_full_rank(draw: Any, batched: bool = True) -> Any:
    x = filled((*draw(shapes(0, 1 if batched else 0)), *draw(shapes(2, 2))), draw(SEEDS), low=-1, high=1)
    place = np.arange(min(x.shape[-2:]))
    x[..., place, place] += 4
    return x


@st.composite
def nearest_solutions(draw: Any) -> Any:
    a = draw(of_full_rank(batched=False))
    return call(a, filled((len(a), *draw(shapes(0, 1))), draw(SEEDS)))


@st.composite
def attended(draw: Any) -> Any:
    n, t, s, h, d = draw(st.tuples(*[st.integers(1, 3)] * 5))
    groups = draw(st.integers(1, 2))
    # Keras repeats keys for groups of heads only where there is more than one.
    g = h if groups == 1 or h == 1 else 2
    h = g * groups if g > 1 else h
    query, key, value = (filled((n, steps, heads, d), draw(SEEDS)) for steps, heads in ((t, h), (s, g), (s, g)))
    extra: dict[str, Any] = {}
    if draw(st.booleans()):
        extra["bias"] = filled((n, h, t, s), draw(SEEDS))
    if draw(st.booleans()):
        extra["mask"] = filled((n, 1, t, s), draw(SEEDS), "bool")
    if draw(st.booleans()):
        extra["scale"] = 0.5
    return call(query, key, value, is_causal=draw(st.booleans()), **extra)


@st.composite
def blocked(draw: Any, of_channels: bool) -> Any:
    n, h, w, c = draw(st.tuples(*[st.integers(1, 3)] * 4))
    block = draw(st.integers(2, 3))
    shape = (n, h, w, c * block**2) if of_channels else (n, h * block, w * block, c)
    return call(filled(shape, draw(SEEDS)), block)  # TensorFlow computes with channels last only


@st.composite
def unfolded(draw: Any, back: bool = False) -> Any:
    n, c = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    size = draw(st.tuples(st.integers(4, 6), st.integers(4, 6)))
    window = draw(st.sampled_from([2, (1, 3), (2, 2)]))
    settings = {key: draw(st.sampled_from([1, 2])) for key in ("dilation", "stride") if draw(st.booleans())}
    settings["padding"] = draw(st.sampled_from([0, 1, (1, 0)]))
    x = filled((n, c, *size), draw(SEEDS))
    if not back:
        return call(x, window, **settings)
    from tinynet import ops

    return call(ops.unfold(x, window, **settings).numpy(), size, window, **settings)


def bits(number: bool = True) -> Any:
    return operands(("int32", "int64"), low=-9, high=9, number=False)


@st.composite
def shifts(draw: Any) -> Any:
    (x, y), _ = draw(operands(("int32", "int64"), low=0, high=5, number=False))
    return call(x, y)


@st.composite
def holes(draw: Any, several: bool = True, keepdims: bool = True) -> Any:
    """A reduction of floats of which some are nan, but not all along an axis."""
    (x,), kwargs = draw(reduction(FLOATS, several, keepdims))
    holes = np.random.default_rng(draw(SEEDS)).random(x.shape) < 0.4
    axis = kwargs["axis"]
    return (np.where(holes & ~holes.all(axis=axis, keepdims=True), np.asarray(np.nan, x.dtype), x),), kwargs


@st.composite
def quantiles(draw: Any, factor: float = 1.0, with_holes: bool = False) -> Any:
    (x,), kwargs = draw(holes() if with_holes else reduction(FLOATS))
    several = not with_holes and draw(st.booleans())
    q = draw(st.sampled_from([0.0, 0.25, 0.7, 1.0]))
    if with_holes:
        kwargs["keepdims"] = False  # Keras keeps other axes there
        return call(x, q * factor, **kwargs)
    methods = ["linear", "lower", "higher", "midpoint", "nearest"]
    # Numbers, as tinynet has no derivative by them.
    return call(x, [0.0, 0.3 * factor, factor] if several else q * factor, method=draw(st.sampled_from(methods)), **kwargs)


@st.composite
def sequences(draw: Any) -> Any:
    x = draw(arrays(1, 3))
    return call(x, draw(st.integers(1, x.shape[-1])), draw(st.integers(1, 3)))


@st.composite
def cut(draw: Any, axis: int) -> Any:
    x = filled((*draw(shapes(axis, axis)), 4, *draw(shapes(0, 1))), draw(SEEDS))
    return call(x, draw(st.sampled_from([2, [1, 3]])))


@st.composite
def counted(draw: Any) -> Any:
    x = filled(draw(shapes(1, 1)), draw(SEEDS), "int32", 0, 5)
    weights = {"weights": filled(x.shape, draw(SEEDS))} if draw(st.booleans()) else {}
    return call(x, minlength=draw(st.integers(0, 7)), **weights)


@st.composite
def distances(draw: Any) -> Any:
    m, n, d = draw(st.tuples(*[st.integers(1, 4)] * 3))
    batch = draw(shapes(0, 1))
    return call(filled((*batch, m, d), draw(SEEDS)), filled((*batch, n, d), draw(SEEDS)))


@st.composite
def selections(draw: Any) -> Any:
    shape = draw(shapes(1, 2))
    count = draw(st.integers(1, 3))
    return call(
        [filled(shape, draw(SEEDS), "bool") for _ in range(count)], [filled(shape, draw(SEEDS)) for _ in range(count)],
        np.float32(0.5),
    )  # fmt: skip


@st.composite
def integrals(draw: Any) -> Any:
    y = draw(arrays(1, 3))
    if draw(st.booleans()):
        return call(y, dx=0.5)
    return call(y, np.sort(filled(y.shape[-1:], draw(SEEDS))))


LENGTH = st.integers(1, 7).map(call)


def _step(carry: Any, x: Any) -> Any:
    total = carry * 0.5 + x * x
    return total, total * 2.0


DTYPE = st.sampled_from(["float32", "float64", "int32", "int64", "bool"])
SHAPE = shapes(0, 3)
GLU = shapes(1, 3).flatmap(lambda s: SEEDS.map(lambda seed: filled((*s[:-1], 2 * s[-1]), seed)))

CASES: dict[str, Any] = {
    **{name: bits() for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm")},
    **{name: elementwise(-9, 9, ("int32", "int64", "uint8")) for name in ("bitwise_invert", "bitwise_not")},
    **{name: shifts() for name in ("bitwise_left_shift", "left_shift", "bitwise_right_shift", "right_shift")},
    **{name: holes() for name in ("nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd")},
    **{name: holes(several=False) for name in ("nanargmax", "nanargmin")},
    **{name: holes(several=False, keepdims=False) for name in ("nancumsum", "nancumprod")},
    **{name: LENGTH for name in ("bartlett", "blackman", "hamming", "hanning")},
    "kaiser": after(st.integers(1, 7), st.sampled_from([0.5, 8.0])),
    "cbrt": elementwise(0.1),
    "fabs": elementwise(dtypes=WIDE),
    "deg2rad": elementwise(-200, 200),
    "rad2deg": elementwise(),
    "sinc": elementwise(),
    "erfc": elementwise(),
    "erfinv": elementwise(-0.9, 0.9),
    # Keras's derivative where both are equal is twice the right one.
    "hypot": operands(FLOATS, low=0.1, number=False).filter(lambda c: np.all(c[0][0] != c[0][1])),
    "fmod": operands(FLOATS, low2=1.0, number=False),
    "fmax": operands(FLOATS, number=False),
    "fmin": operands(FLOATS, number=False),
    "heaviside": operands(FLOATS, number=False),
    "ldexp": st.tuples(arrays(), st.integers(-3, 5)).map(lambda c: call(c[0], np.int32(c[1]))),
    "logaddexp2": operands(FLOATS, low=-30, high=30, number=False).filter(lambda c: np.all(c[0][0] != c[0][1])),
    "nextafter": operands(FLOATS, number=False),
    "isposinf": not_finite().map(lambda c: call(c[0][0])),
    "isneginf": not_finite().map(lambda c: call(c[0][0])),
    "signbit": elementwise(dtypes=("float32", "int32")),
    "ptp": reduction(("float32", "int32")),
    "diagflat": after(arrays(1, 2), st.just(0)),
    "vsplit": cut(0),
    "hsplit": cut(1),
    "dsplit": cut(2),
    "kron": operands(FLOATS, number=False)  # TensorFlow multiplies no arrays of more axes than that
    .filter(lambda c: all(np.ndim(array) < 3 for array in c[0][:2]))
    .map(lambda c: call(c[0][0], c[0][1])),
    "cdist": distances(),
    "saturate_cast": after(arrays(dtypes=("float32", "int32"), low=-300, high=300), st.sampled_from(["uint8", "int8"])),
    "logspace": lines().filter(lambda c: np.ndim(c[0][0]) == 0).map(lambda c: call(*c[0])),
    "geomspace": st.tuples(st.floats(0.5, 3, width=16), st.floats(4, 9, width=16), st.integers(2, 6)).map(
        lambda c: call(*c)
    ),
    "vander": st.tuples(arrays(1, 1), st.sampled_from([None, 1, 4]), st.booleans()).map(
        lambda c: call(c[0], c[1], increasing=c[2])
    ),
    "extract_sequences": sequences(),
    "quantile": quantiles(),
    "percentile": quantiles(100.0),
    "nanquantile": quantiles(with_holes=True),
    "nanpercentile": quantiles(100.0, with_holes=True),
    "nanmedian": holes().map(lambda c: (c[0], {"axis": c[1]["axis"]})),
    "corrcoef": st.tuples(st.integers(2, 3), st.integers(4, 6), SEEDS).map(lambda c: call(filled(c[:2], c[2]))),
    "correlate": st.tuples(arrays(1, 1), arrays(1, 1)).map(lambda c: call(c[0], c[1], mode="full")),
    "trapezoid": integrals(),
    "bincount": counted(),
    "histogram": st.tuples(arrays(1, 1), st.integers(1, 5)).map(lambda c: call(c[0], c[1])),
    **{name: segments() for name in ("segment_max", "segment_min", "segment_prod")},
    "switch": after(st.integers(0, 2), st.just([lambda x: x * 1.0, lambda x: x * x]), arrays(1, 2)),
    "unravel_index": st.tuples(shapes(2, 3), SEEDS).map(
        lambda c: call(filled((4,), c[1], "int32", 0, int(np.prod(c[0]))), c[0])
    ),
    "unique": after(arrays(1, 2, ("int32", "float32"), 0, 4), st.just(True), st.booleans(), st.booleans(), st.booleans()),
    "select": selections(),
    "cholesky": with_(invertible(symmetric=True), upper=st.booleans()),
    "cholesky_inverse": with_(invertible(), upper=st.booleans()),
    "det": invertible().map(call),
    "inv": invertible().map(call),
    "logdet": invertible(symmetric=True).map(call),
    "slogdet": invertible().map(call),
    "solve": systems(),
    "solve_triangular": systems(triangular=True),
    "lstsq": nearest_solutions(),
    "matrix_rank": of_full_rank().map(call),
    "pinv": of_full_rank().map(call),
    "dot_product_attention": attended(),
    "depth_to_space": blocked(of_channels=True),
    "space_to_depth": blocked(of_channels=False),
    "unfold": unfolded(),
    "fold": unfolded(back=True),
    "psnr": arrays(1, 3).map(lambda x: call(x, np.cos(x), 2.0)),
    "add": operands().filter(not_taken_for_a_bias),
    "subtract": operands(),
    "multiply": operands(),
    "maximum": operands(),
    "minimum": operands(),
    "divide": operands(low2=1.0),
    "floor_divide": operands(low2=1.0),
    "mod": operands(low2=1.0),
    "power": operands(FLOATS, low=0.1),
    "negative": elementwise(dtypes=WIDE),
    "clip": after(arrays(dtypes=FLOATS), st.sampled_from([-1.0, -0.5]), st.sampled_from([0.5, 1.0])),
    "where": chosen_where(),
    "abs": elementwise(dtypes=WIDE),
    "sign": elementwise(dtypes=WIDE),
    "square": elementwise(dtypes=ALL),
    "sqrt": elementwise(0.0, dtypes=WIDE),
    "rsqrt": elementwise(0.1),
    "reciprocal": elementwise(0.1, dtypes=FLOATS),
    "exp": elementwise(-10, 10, WIDE),
    "expm1": elementwise(dtypes=WIDE),
    "log": elementwise(0.01, 9.0, FLOATS),
    "log1p": elementwise(-0.9, 9.0, FLOATS),
    "sin": elementwise(dtypes=WIDE),
    "cos": elementwise(dtypes=WIDE),
    "erf": elementwise(-4, 4),
    "floor": elementwise(dtypes=WIDE),
    "ceil": elementwise(dtypes=WIDE),
    "round": with_(arrays(dtypes=("float32", "int32"), low=-300, high=300), decimals=st.integers(-2, 2)),
    "sum": reduction(),
    "mean": reduction(),
    "var": reduction(),
    "std": reduction(FLOATS),
    "prod": reduction(),
    "max": extreme(),
    "min": extreme(),
    "any": reduction(),
    "all": reduction(),
    "logsumexp": reduction(FLOATS),
    "cumsum": reduction(ALL, several=False, keepdims=False),
    "count_nonzero": reduction(keepdims=False),
    "argsort": reduction(FLOATS, several=False, keepdims=False),
    "argmax": reduction(WIDE, several=False),
    "argmin": reduction(WIDE, several=False),
    "moments": after(arrays(2, 3), st.sampled_from([(0,), (1,), (0, 1)]), st.booleans()),
    "absolute": elementwise(dtypes=WIDE),
    "amax": reduction(),
    "amin": reduction(),
    "append": appended(),
    "arccos": elementwise(-0.9, 0.9),
    "arccosh": elementwise(1.2, 9),
    "arcsin": elementwise(-0.9, 0.9),
    "arcsinh": elementwise(dtypes=WIDE),
    "arctan": elementwise(dtypes=WIDE),
    "arctan2": operands(FLOATS, low2=0.1, number=False),
    "arctanh": elementwise(-0.9, 0.9),
    "array": with_(arrays(dtypes=ALL), dtype=DTYPE),
    "array_split": uneven_splits(),
    "average": weighted(),
    "copy": elementwise(dtypes=ALL),
    "cosh": elementwise(dtypes=WIDE),
    "cross": crossed(),
    "cumprod": reduction(ALL, several=False, keepdims=False),
    "diag": after(arrays(1, 2), st.integers(0, 0)),
    "diagonal": diagonals(),
    "diff": with_(arrays(1, 3), n=st.integers(0, 2), axis=lambda x: axis_of(x.ndim)),
    "digitize": searched().map(lambda c: call(c[0][1], c[0][0].tolist())),
    "divide_no_nan": operands(FLOATS, low2=1.0, number=False),
    "dstack": stacked(2),
    "empty": SHAPE.map(lambda shape: call((0, *shape))),
    "empty_like": arrays(1, 3, ALL).map(lambda x: call(x[:0])),
    "exp2": elementwise(),
    "fliplr": arrays(2, 3).map(call),
    "flipud": arrays(1, 3).map(call),
    "fori_loop": arrays(0, 2).map(lambda x: call(0, 3, lambda i, value: value * value + 1.0, x)),
    "get_item": windows(update=False).map(
        lambda c: call(c[0][0], tuple(slice(a, a + n) for a, n in zip(*c[0][1:], strict=True)))
    ),
    "hard_swish": elementwise(-5, 5),
    "hstack": stacked(1),
    "identity": st.integers(1, 4).map(call),
    "in_top_k": in_tops(),
    "inner": inner_products(),
    "isin": operands(("int32", "float32"), number=False),
    "linspace": lines(),
    "log10": elementwise(0.01, 9.0),
    "log2": elementwise(0.01, 9.0),
    # Keras's derivative where both are equal is 1 and 0 instead of one half each.
    "logaddexp": operands(FLOATS, low=-30, high=30, number=False).filter(lambda c: np.all(c[0][0] != c[0][1])),
    "map": arrays(1, 3).map(lambda x: call(lambda part: part * part, x)),
    "median": reduction(FLOATS),
    "meshgrid": st.lists(arrays(1, 1), min_size=1, max_size=3).flatmap(
        lambda xs: st.sampled_from(["xy", "ij"]).map(lambda indexing: call(*xs, indexing=indexing))
    ),
    "multi_hot": arrays(1, 2, ("int32",), 0, 4).map(lambda x: call(x, 4)),
    "nan_to_num": not_finite(),
    "nonzero": elementwise(-1, 2, ("int32", "float32", "bool")).filter(lambda c: c[0][0].ndim > 0),
    "roll": rolled(),
    "scan": arrays(1, 3).flatmap(
        lambda x: st.booleans().map(lambda back: call(_step, np.ones(x.shape[1:], "float32"), x, reverse=back))
    ),
    "scatter": scattered(update=False),
    "scatter_update": scattered(update=True),
    "searchsorted": searched(side=st.sampled_from(["left", "right"])).filter(lambda c: c[0][1].ndim == 1),
    "segment_sum": segments(),
    "sinh": elementwise(dtypes=WIDE),
    "slice": windows(update=False),
    "slice_update": windows(update=True),
    "swish": elementwise(-50, 50),
    "tan": elementwise(-1.2, 1.2),
    "top_k": tops(),
    "trace": diagonals(),
    "tri": after(st.integers(1, 4), st.sampled_from([None, 2, 5]), st.integers(-1, 1)),
    "tril": after(arrays(2, 4), lambda x: st.integers(-x.shape[-2], x.shape[-1])),  # TensorFlow goes no further
    "triu": after(arrays(2, 4), lambda x: st.integers(1 - x.shape[-2], x.shape[-1])),
    "true_divide": operands(low2=1.0),
    "trunc": elementwise(dtypes=WIDE),
    "vdot": elementwise().map(lambda c: call(c[0][0], np.cos(c[0][0]))),
    "vectorized_map": arrays(1, 3).map(lambda x: call(lambda part: part * part, x)),
    "vstack": stacked(0),
    "while_loop": arrays(0, 2).map(
        lambda x: call(lambda i, value: i < 3, lambda i, value: (i + 1, value * value + 1.0), (0, x))
    ),
    "cond": chosen(),
    "allclose": operands(number=False),
    "matmul": products(),
    "dot": dots(),
    "tensordot": contractions(),
    "einsum": einsums(),
    "outer": st.tuples(arrays(0, 2), arrays(0, 2)).map(lambda pair: call(*pair)),
    "norm": norms(),
    "normalize": with_(arrays(1, 3), axis=lambda x: axis_of(x.ndim), order=st.integers(1, 3)),
    "equal": operands(low=0),
    "not_equal": operands(low=0),
    "less": operands(),
    "less_equal": operands(),
    "greater": operands(),
    "greater_equal": operands(),
    "logical_and": operands(ALL, low=-1, high=2, number=False),
    "logical_not": elementwise(-1, 2, ALL),
    "logical_or": operands(ALL, low=-1, high=2, number=False),
    "logical_xor": operands(ALL, low=-1, high=2, number=False),
    "isnan": elementwise(dtypes=ALL),
    "isinf": elementwise(dtypes=ALL),
    "isfinite": elementwise(dtypes=ALL),
    "isclose": operands(number=False),
    "convert_to_tensor": st.one_of(
        with_(arrays(dtypes=ALL), dtype=DTYPE),
        st.sampled_from([1, 2.5, True, [1, 2], [1.0, 2], [[True, False]]]).map(call),
    ),
    "convert_to_numpy": elementwise(dtypes=ALL),
    "stop_gradient": elementwise(),
    "cast": after(arrays(dtypes=ALL), DTYPE),
    "shape": elementwise(dtypes=ALL),
    "zeros": with_(SHAPE, dtype=DTYPE),
    "ones": with_(SHAPE, dtype=DTYPE),
    "full": after(SHAPE, st.sampled_from([2, 0.5]), st.sampled_from([None, "float64", "int32"])),
    "zeros_like": with_(arrays(dtypes=ALL), dtype=DTYPE),
    "ones_like": with_(arrays(dtypes=ALL), dtype=DTYPE),
    "full_like": after(
        arrays(dtypes=FLOATS), st.sampled_from([2.0, 0.5]), st.sampled_from([None, "float64"])
    ),
    "arange": ranges(),
    "eye": after(st.integers(1, 4), st.sampled_from([None, 2, 5])),
    "one_hot": with_(
        SHAPE.flatmap(lambda s: SEEDS.map(lambda seed: filled(s, seed, "int32", -1, 4))),
        axis=lambda x: st.integers(-1, x.ndim),  # TensorFlow counts no other axis from the end
        dtype=DTYPE,
    ).map(lambda c: call(*c[0], 3, **c[1])),
    "reshape": reshapes(),
    "ravel": elementwise(),
    "swapaxes": after(arrays(1, 4), *[lambda x: axis_of(x.ndim)] * 2),
    "transpose": after(
        arrays(1, 4), lambda x: st.one_of(st.none(), st.permutations(range(x.ndim)).map(tuple))
    ),
    "moveaxis": moved(),
    "expand_dims": after(arrays(0, 3), lambda x: axis_of(x.ndim + 1)),
    "squeeze": squeezed(),
    "broadcast_to": widened(),
    "concatenate": joined(new=False),
    "stack": joined(new=True, dtypes=("float32", "float64", "int32")),
    "split": splits(),
    "unstack": with_(arrays(1, 3), axis=lambda x: axis_of(x.ndim)),
    "pad": pads(),
    "flip": with_(arrays(1, 3), axis=lambda x: some_axes(x.ndim)),
    "take": taken(),
    "take_along_axis": taken_along(),
    "sort": with_(arrays(1, 3, WIDE), axis=lambda x: st.one_of(st.none(), axis_of(x.ndim))),
    "repeat": after(arrays(1, 3), st.integers(0, 3), lambda x: st.one_of(st.none(), axis_of(x.ndim))),
    "tile": after(arrays(0, 3), st.lists(st.integers(1, 3), min_size=1, max_size=4)),
    "relu": elementwise(dtypes=WIDE),
    "relu6": elementwise(-3, 9),
    "sigmoid": elementwise(-100, 100),
    "tanh": elementwise(),
    "softplus": elementwise(-100, 100),
    "log_sigmoid": elementwise(-100, 100),
    "leaky_relu": with_(arrays(), negative_slope=st.sampled_from([0.0, 0.3, 2.0])),
    "elu": with_(arrays(), alpha=st.sampled_from([0.5, 2.0])),
    "celu": with_(arrays(), alpha=st.sampled_from([0.5, 2.0])),
    "selu": elementwise(),
    "gelu": with_(arrays(low=-2, high=9), approximate=st.booleans()),
    "silu": elementwise(-50, 50),
    "hard_sigmoid": elementwise(-5, 5),
    "hard_silu": elementwise(-5, 5),
    "hard_tanh": elementwise(),
    "hard_shrink": with_(arrays(), threshold=st.sampled_from([0.0, 1.0])),
    "tanh_shrink": elementwise(),
    "soft_shrink": with_(arrays(), threshold=st.sampled_from([0.0, 1.0])),
    "softsign": elementwise(),
    "squareplus": with_(arrays(), b=st.sampled_from([1, 0.5])),
    "sparse_plus": elementwise(),
    "sparse_sigmoid": elementwise(),
    "threshold": after(arrays(), st.just(0.5), st.just(2.0)),
    "glu": with_(GLU, axis=st.just(-1)),
    "softmax": with_(arrays(1, 3, low=-50, high=50), axis=lambda x: some_axes(x.ndim)),
    "log_softmax": with_(arrays(1, 3, low=-50, high=50), axis=lambda x: some_axes(x.ndim)),
    "sparsemax": with_(arrays(1, 3), axis=lambda x: axis_of(x.ndim)),
    "categorical_crossentropy": classified(sparse=False),
    "binary_crossentropy": classified(sparse=False, binary=True),
    "sparse_categorical_crossentropy": classified(sparse=True),
    "ctc_loss": readable(),
    "batch_normalization": batch_normalized(),
    "layer_normalization": layer_normalized(),
    "rms_normalization": rms_normalized(),
}

# For derivatives: the cases above with floats only, where most of them draw integers.
DIFFERENTIABLE: dict[str, Any] = CASES | {
    **{name: reduction(FLOATS) for name in ("sum", "mean", "var", "prod")},
    **{name: extreme(FLOATS) for name in ("max", "min")},
    **{name: reduction(FLOATS) for name in ("amax", "amin")},
    **{name: elementwise() for name in (
        "abs", "absolute", "negative", "square", "sin", "cos", "expm1", "exp", "relu", "arcsinh", "arctan", "sinh",
        "cosh",
    )},
    "add": operands(FLOATS).filter(not_taken_for_a_bias),
    **{name: operands(FLOATS) for name in ("subtract", "multiply", "maximum", "minimum")},
    **{name: operands(FLOATS, low2=1.0) for name in ("divide", "mod", "true_divide")},
    "sqrt": elementwise(0.1),
    "cumsum": reduction(FLOATS, several=False, keepdims=False),
    "cumprod": reduction(FLOATS, several=False, keepdims=False),
    "top_k": tops().filter(lambda c: c[0][0].dtype.kind == "f"),
    "trace": after(arrays(2, 2), st.integers(0, 0)),  # TensorFlow's derivative knows matrices only
    "cast": after(arrays(dtypes=FLOATS), st.sampled_from(FLOATS)),
    "sort": with_(arrays(1, 3, FLOATS), axis=lambda x: st.one_of(st.none(), axis_of(x.ndim))),
    "concatenate": joined(new=False, dtypes=FLOATS),
    "stack": joined(new=True, dtypes=FLOATS),
}
