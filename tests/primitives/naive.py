"""The operations once more, as loops over single elements: slow, short, and independent.

Each follows the definition in Keras's documentation, one output element at a time. Nothing
here uses tinynet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def window_starts(n: int, k: int, stride: int, dilation: int, padding: str) -> list[int]:
    """Where each window begins, counted in elements of the input; negative in the padding."""
    reach = (k - 1) * dilation + 1
    if padding == "valid":
        return list(range(0, n - reach + 1, stride))
    count = math.ceil(n / stride)
    if padding == "causal":
        return [i * stride - (reach - 1) for i in range(count)]
    total = max((count - 1) * stride + reach - n, 0)
    return [i * stride - total // 2 for i in range(count)]


def _starts(
    spatial: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
    padding: str,
) -> list[list[int]]:
    return [
        window_starts(n, k, s, d, padding)
        for n, k, s, d in zip(spatial, window, strides, dilation, strict=True)
    ]


def conv(
    x: Array,
    kernel: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int],
    padding: str,
    dilation: Sequence[int],
    groups: int,
) -> Array:
    """Cross-correlation, any number of spatial axes; blocks of channels feed blocks of filters."""
    spatial, window = x.shape[1:-1], kernel.shape[:-2]
    inner, filters = kernel.shape[-2:]
    starts = _starts(spatial, window, strides, dilation, padding)
    out = np.zeros((x.shape[0], *map(len, starts), filters))
    for n, *place, f in np.ndindex(*out.shape):
        group = f // (filters // groups)
        for *offset, c in np.ndindex(*window, inner):
            at = [s[p] + o * d for s, p, o, d in zip(starts, place, offset, dilation, strict=True)]
            if all(0 <= a < size for a, size in zip(at, spatial, strict=True)):
                out[(n, *place, f)] += x[(n, *at, group * inner + c)] * kernel[(*offset, c, f)]
        if bias is not None:
            out[(n, *place, f)] += bias[f]
    return out


def _pool(
    x: Array, window: Sequence[int], strides: Sequence[int], padding: str, summary: type[max] | object
) -> Array:
    spatial = x.shape[1:-1]
    starts = _starts(spatial, window, strides, (1,) * len(window), padding)
    out = np.zeros((x.shape[0], *map(len, starts), x.shape[-1]))
    for n, *place, c in np.ndindex(*out.shape):
        real = []
        for offset in np.ndindex(*window):
            at = [s[p] + o for s, p, o in zip(starts, place, offset, strict=True)]
            if all(0 <= a < size for a, size in zip(at, spatial, strict=True)):
                real.append(float(x[(n, *at, c)]))
        out[(n, *place, c)] = summary(real)
    return out


def conv_relu(x, kernel, bias, **settings):
    return np.maximum(conv(x, kernel, bias, **settings), 0)


def dense(x, kernel, bias):
    out = np.zeros((*x.shape[:-1], kernel.shape[1]))
    for *place, f in np.ndindex(*out.shape):
        terms = (float(a) * float(b) for a, b in zip(x[tuple(place)], kernel[:, f], strict=True))
        out[(*place, f)] = sum(terms) + (0 if bias is None else bias[f])
    return out


def dense_relu(x, kernel, bias):
    return np.maximum(dense(x, kernel, bias), 0)


def max_pool(x: Array, *, window: Sequence[int], strides: Sequence[int], padding: str) -> Array:
    return _pool(x, window, strides, padding, max)


def conv_relu_max_pool(x, kernel, bias, *, pool_size, pool_strides, pool_padding, **settings):
    between = conv_relu(x, kernel, bias, groups=1, **settings)
    return max_pool(between, window=pool_size, strides=pool_strides, padding=pool_padding)


def average_pool(x: Array, *, window: Sequence[int], strides: Sequence[int], padding: str) -> Array:
    """The padding is not counted."""
    return _pool(x, window, strides, padding, lambda real: sum(real) / len(real))


def embedding(table: Array, ids: Array) -> Array:
    out = np.zeros((*ids.shape, table.shape[1]))
    for place in np.ndindex(*ids.shape):
        out[place] = table[int(ids[place])]
    return out


def sample(x: Array, *, places: Array, weights: Array) -> Array:
    arrays, _, channels = x.shape
    out = np.zeros((arrays, places.shape[1], channels))
    for a, q in np.ndindex(*out.shape[:2]):
        own = min(a, len(places) - 1)
        given = list(weights[own, q])
        if len(given) < places.shape[2]:
            given.insert(0, 1 - sum(given))
        for place, weight in zip(places[own, q], given, strict=True):
            out[a, q] += weight * x[a, place]
    return out


def einsum(*arrays: Array, subscripts: str) -> Array:
    """Products of elements, summed over every assignment of the indices."""
    left, arrow, result = subscripts.partition("->")
    terms = left.split(",")
    if not arrow:
        single = sorted(c for c in set(left) - set(",.") if left.count(c) == 1)
        result = ("..." if "..." in left else "") + "".join(single)
    hidden = max(a.ndim - len(t.replace("...", "")) for t, a in zip(terms, arrays, strict=True))
    names = "XYZ"[:hidden]
    full = []
    for term, array in zip(terms, arrays, strict=True):
        own = array.ndim - len(term.replace("...", ""))
        full.append(term.replace("...", names[len(names) - own :]))
    result = result.replace("...", names)
    sizes: dict[str, int] = {}
    for term, array in zip(full, arrays, strict=True):
        for letter, size in zip(term, array.shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
    out = np.zeros([sizes[c] for c in result])
    for values in np.ndindex(*sizes.values()):
        at = dict(zip(sizes, values, strict=True))
        product = 1.0
        for term, array in zip(full, arrays, strict=True):
            product *= float(
                array[tuple(at[c] if n > 1 else 0 for c, n in zip(term, array.shape, strict=True))]
            )
        out[tuple(at[c] for c in result)] += product
    return out


def dropout(x: Array, keep: Array, *, rate: float) -> Array:
    keep = np.broadcast_to(keep, x.shape)
    out = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        out[place] = x[place] / (1 - rate) if keep[place] else 0.0
    return out


def normalize(
    x: Array, gamma: Array | None, beta: Array | None, *, axes: Sequence[int], epsilon: float
) -> tuple[Array, Array, Array]:
    """(x − mean)/√(variance + epsilon) · gamma + beta, and the two moments; biased variance."""
    moments = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    mean, var = np.zeros(moments), np.zeros(moments)
    for place in np.ndindex(*moments):
        part = [
            float(v) for v in x[tuple(slice(None) if i in axes else p for i, p in enumerate(place))].ravel()
        ]
        mean[place] = sum(part) / len(part)
        var[place] = sum((v - mean[place]) ** 2 for v in part) / len(part)
    out = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        at = tuple(0 if i in axes else p for i, p in enumerate(place))
        out[place] = (x[place] - mean[at]) / math.sqrt(var[at] + epsilon)
        out[place] = out[place] * (1.0 if gamma is None else gamma[place[-1]])
        out[place] += 0.0 if beta is None else beta[place[-1]]
    return out, mean, var


def scale_columns(x: Array, scale: Array, offset: Array) -> Array:
    out = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        out[place] = x[place] * scale[place[-1]] + offset[place[-1]]
    return out


def softmax(x: Array, *, axis: int) -> Array:
    out = np.zeros(x.shape)
    rows, results = np.moveaxis(x, axis, -1), np.moveaxis(out, axis, -1)
    for place in np.ndindex(*rows.shape[:-1]):
        total = math.fsum(math.exp(v) for v in rows[place])
        for k, v in enumerate(rows[place]):
            results[(*place, k)] = math.exp(v) / total
    return out


def log_softmax(x: Array, *, axis: int) -> Array:
    return np.log(softmax(x, axis=axis))


def logsumexp(x: Array, *, axis: int | tuple[int, ...] | None, keepdims: bool) -> Array:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def softmax_cross_entropy(logits: Array, targets: Array) -> Array:
    log_shares = log_softmax(logits, axis=-1)
    out = np.zeros(logits.shape[:-1])
    for place in np.ndindex(*out.shape):
        out[place] = -sum(t * v for t, v in zip(targets[place], log_shares[place], strict=True))
    return out


def sparse_softmax_cross_entropy(logits: Array, labels: Array) -> Array:
    log_shares = log_softmax(logits, axis=-1)
    out = np.zeros(labels.shape)
    for place in np.ndindex(*out.shape):
        out[place] = -log_shares[(*place, labels[place])]
    return out


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def sigmoid_cross_entropy(logits: Array, targets: Array) -> Array:
    out = np.zeros(logits.shape)
    for place in np.ndindex(*out.shape):
        share, t = sigmoid(logits[place]), targets[place]
        out[place] = -t * math.log(share) - (1 - t) * math.log(1 - share)
    return out


def _weighted(row: Sequence[float], matrix: Array, column: int) -> float:
    return sum(v * float(matrix[k, column]) for k, v in enumerate(row))


def _run(step, x, states, mask, go_backwards, return_sequences, zero_output_for_mask):
    """Runs `step(x_t, states) -> states` for each sample by itself; the first state is the output."""
    samples, steps = x.shape[:2]
    units = states[0].shape[1]
    sequence = np.zeros((samples, steps, units))
    last = np.zeros((samples, units))
    finals = [np.array(s, float) for s in states]
    for n in range(samples):
        own = [list(map(float, s[n])) for s in states]
        shown = [0.0] * units  # what a masked step repeats; zeros before the first unmasked one
        for position in range(steps):
            t = steps - 1 - position if go_backwards else position
            if mask is None or mask[n, t]:
                own = step(list(map(float, x[n, t])), own)
                shown = own[0]
                output = shown
            else:
                output = [0.0] * units if zero_output_for_mask else shown
            sequence[n, position] = output
        last[n] = sequence[n, -1]
        for final, value in zip(finals, own, strict=True):
            final[n] = value
    return (sequence if return_sequences else last, *finals)


def simple_rnn(x, h0, kernel, recurrent_kernel, bias, mask, **options):
    """h = tanh(x W + b + h R)."""

    def step(x_t, states):
        (h,) = states
        return [
            [
                math.tanh(
                    _weighted(x_t, kernel, u)
                    + (0 if bias is None else bias[u])
                    + _weighted(h, recurrent_kernel, u)
                )
                for u in range(len(h))
            ]
        ]

    return _run(step, x, [h0], mask, **options)


def lstm(x, h0, c0, kernel, recurrent_kernel, bias, mask, **options):
    """Gates in the order i, f, c, o."""

    def step(x_t, states):
        h, c = states
        units = len(h)

        def z(gate, u):
            column = gate * units + u
            own = 0 if bias is None else bias[column]
            return _weighted(x_t, kernel, column) + _weighted(h, recurrent_kernel, column) + own

        new_c = [sigmoid(z(1, u)) * c[u] + sigmoid(z(0, u)) * math.tanh(z(2, u)) for u in range(units)]
        return [[sigmoid(z(3, u)) * math.tanh(new_c[u]) for u in range(units)], new_c]

    return _run(step, x, [h0, c0], mask, **options)


def gru(x, h0, kernel, recurrent_kernel, bias, mask, *, reset_after, **options):
    """Gates in the order z, r, h."""
    columns = kernel.shape[1]
    input_bias = recurrent_bias = np.zeros(columns)
    if bias is not None:
        input_bias, recurrent_bias = bias if reset_after else (bias, np.zeros(columns))

    def step(x_t, states):
        (h,) = states
        units = len(h)

        def given(gate, u):
            return _weighted(x_t, kernel, gate * units + u) + input_bias[gate * units + u]

        def repeated(row, gate, u):
            return _weighted(row, recurrent_kernel, gate * units + u) + recurrent_bias[gate * units + u]

        z = [sigmoid(given(0, u) + repeated(h, 0, u)) for u in range(units)]
        r = [sigmoid(given(1, u) + repeated(h, 1, u)) for u in range(units)]
        if reset_after:
            candidate = [math.tanh(given(2, u) + r[u] * repeated(h, 2, u)) for u in range(units)]
        else:
            reset = [r[u] * h[u] for u in range(units)]
            candidate = [math.tanh(given(2, u) + repeated(reset, 2, u)) for u in range(units)]
        return [[z[u] * h[u] + (1 - z[u]) * candidate[u] for u in range(units)]]

    return _run(step, x, [h0], mask, **options)
