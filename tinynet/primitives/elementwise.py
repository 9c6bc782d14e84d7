"""Functions of one array, element by element: mathematics and activations.

Each is a value, a derivative by the input or in terms of the output, and the interval it
is checked on. Their second derivatives follow because the derivatives are NumPy expressions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.primitives.domain import Domain, Values
from tinynet.primitives.operation import Operation, operation

SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


def unary(
    name: str,
    doc: str,
    value: Callable[..., Any],
    *,
    by_input: Callable[..., Any] | None = None,
    by_output: Callable[..., Any] | None = None,
    values: Values = Values("A B"),  # noqa: B008 (a frozen record)
    attributes: dict[str, Any] | None = None,
    numpy: Any = None,
    at: dict[float, float] | None = None,
) -> Operation:
    """Registers an elementwise operation from its value and its derivative.

    value: the function of the array and the attributes.
    by_input, by_output: the derivative, as a function of x or of the value.
    attributes: choices for the tests of each keyword.
    at: stated derivatives at special points.
    """
    derivative: Callable[..., Any] | None = by_output or by_input

    def forward(x, **settings):
        output = value(x, **settings)
        return output, ((output if by_output else x),)

    def vjp(g, residuals, needs, **settings):
        assert derivative is not None
        return (g * derivative(residuals[0], **settings),)

    members = {
        "__doc__": doc,
        "__module__": __name__,
        "forward": forward,
        "evaluate": value,
        "vjp": vjp,
        "keeps": ("output" if by_output else 0,),
        "domain": Domain((values,), attributes or {}),
        "numpy": numpy,
        "points": tuple(
            ((np.array([x]),), {key: choices[0] for key, choices in (attributes or {}).items()}, (np.array([d]),))
            for x, d in (at or {}).items()
        ),
    }
    record = operation(type(name, (), members))
    record.attributes = tuple(attributes or ())
    return record


POSITIVE = Values("A B", low=0.2, high=3.0)


def away_from(*kinks: float, low: float = -2.0, high: float = 2.0) -> Values:
    """Values that keep clear of the points where a derivative jumps."""
    return Values("A B", low=low, high=high, kinks=kinks)


exp = unary("exp", "eˣ.", np.exp, by_output=lambda y: y, numpy=np.exp)
expm1 = unary("expm1", "eˣ − 1, exact for small x.", np.expm1, by_output=lambda y: y + 1, numpy=np.expm1)
log = unary("log", "Natural logarithm.", np.log, by_input=lambda x: 1 / x, values=POSITIVE, numpy=np.log)
log1p = unary(
    "log1p", "log(1 + x), exact for small x.", np.log1p,
    by_input=lambda x: 1 / (1 + x), values=Values("A B", low=-0.7), numpy=np.log1p,
)  # fmt: skip
sqrt = unary("sqrt", "Square root.", np.sqrt, by_output=lambda y: 0.5 / y, values=POSITIVE, numpy=np.sqrt)
square = unary("square", "x².", np.square, by_input=lambda x: 2 * x, numpy=np.square)
reciprocal = unary(
    "reciprocal", "1/x.", np.reciprocal, by_output=lambda y: -y * y, values=POSITIVE, numpy=np.reciprocal
)
abs_ = unary(
    "abs", "|x|; its derivative at 0 is 0.", np.abs,
    by_input=np.sign, values=away_from(0.0), numpy=np.absolute, at={0.0: 0.0},
)  # fmt: skip
sin = unary("sin", "Sine of radians.", np.sin, by_input=np.cos, numpy=np.sin)
cos = unary("cos", "Cosine of radians.", np.cos, by_input=lambda x: -np.sin(x), numpy=np.cos)
tanh = unary("tanh", "Hyperbolic tangent.", np.tanh, by_output=lambda y: 1 - y * y, numpy=np.tanh)
sinh = unary("sinh", "Hyperbolic sine.", np.sinh, by_input=np.cosh, numpy=np.sinh)
cosh = unary("cosh", "Hyperbolic cosine.", np.cosh, by_input=np.sinh, numpy=np.cosh)
tan = unary(
    "tan", "Tangent of radians.", np.tan, by_output=lambda y: 1 + y * y, values=Values("A B", -1.2, 1.2), numpy=np.tan
)
arcsin = unary(
    "arcsin", "The angle in [−π/2, π/2] whose sine is x.", np.arcsin,
    by_input=lambda x: 1 / np.sqrt(1 - x * x), values=Values("A B", -0.9, 0.9), numpy=np.arcsin,
)  # fmt: skip
arccos = unary(
    "arccos", "The angle in [0, π] whose cosine is x.", np.arccos,
    by_input=lambda x: -1 / np.sqrt(1 - x * x), values=Values("A B", -0.9, 0.9), numpy=np.arccos,
)  # fmt: skip
arctan = unary(
    "arctan", "The angle in (−π/2, π/2) whose tangent is x.", np.arctan,
    by_input=lambda x: 1 / (1 + x * x), numpy=np.arctan,
)  # fmt: skip
arcsinh = unary(
    "arcsinh", "The number whose hyperbolic sine is x.", np.arcsinh,
    by_input=lambda x: 1 / np.sqrt(x * x + 1), numpy=np.arcsinh,
)  # fmt: skip
arccosh = unary(
    "arccosh", "The number from 0 on whose hyperbolic cosine is x.", np.arccosh,
    by_input=lambda x: 1 / np.sqrt(x * x - 1), values=Values("A B", 1.2, 4.0), numpy=np.arccosh,
)  # fmt: skip
arctanh = unary(
    "arctanh", "The number whose hyperbolic tangent is x.", np.arctanh,
    by_input=lambda x: 1 / (1 - x * x), values=Values("A B", -0.9, 0.9), numpy=np.arctanh,
)  # fmt: skip
log2 = unary(
    "log2", "Logarithm to the base 2.", np.log2,
    by_input=lambda x: 1 / (x * math.log(2)), values=POSITIVE, numpy=np.log2,
)  # fmt: skip
log10 = unary(
    "log10", "Logarithm to the base 10.", np.log10,
    by_input=lambda x: 1 / (x * math.log(10)), values=POSITIVE, numpy=np.log10,
)  # fmt: skip
cbrt = unary(
    "cbrt", "Cube root.", np.cbrt, by_output=lambda y: 1 / (3 * y * y), values=Values("A B", 0.1, 3.0), numpy=np.cbrt
)
exp2 = unary("exp2", "2ˣ.", np.exp2, by_output=lambda y: y * math.log(2), numpy=np.exp2)

sign = unary(
    "sign", "−1, 0 or 1; its derivative is 0.", np.sign,
    by_input=lambda x: x * 0, values=away_from(0.0), numpy=np.sign, at={0.0: 0.0},
)  # fmt: skip
floor = unary(
    "floor", "The largest integer not above x; its derivative is 0.", np.floor,
    by_input=lambda x: x * 0, values=away_from(-2, -1, 0, 1, 2), numpy=np.floor,
)  # fmt: skip
ceil = unary(
    "ceil", "The smallest integer not below x; its derivative is 0.", np.ceil,
    by_input=lambda x: x * 0, values=away_from(-2, -1, 0, 1, 2), numpy=np.ceil,
)  # fmt: skip
rint = unary(
    "rint", "The nearest integer, halves to even; its derivative is 0.", np.rint,
    by_input=lambda x: x * 0, values=away_from(-1.5, -0.5, 0.5, 1.5), numpy=np.rint,
)  # fmt: skip
trunc = unary(
    "trunc", "x without what stands behind the point; its derivative is 0.", np.trunc,
    by_input=lambda x: x * 0, values=away_from(-2, -1, 0, 1, 2), numpy=np.trunc,
)  # fmt: skip


def _sigmoid(x):
    # e⁻ˣ overflows to inf below −88 (float32), and 1/(1 + inf) is the right value, 0.
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


_erf_of_float = np.frompyfunc(math.erf, 1, 1)


def _erf(x):
    # NumPy has no erf; the C library's is exact to rounding.
    return np.asarray(_erf_of_float(x), dtype=x.dtype)


sigmoid = unary("sigmoid", "1/(1 + e⁻ˣ).", _sigmoid, by_output=lambda y: y * (1 - y))
softplus = unary("softplus", "log(1 + eˣ).", _softplus, by_input=sigmoid)
erf = unary(
    "erf", "The error function 2/√π ∫₀ˣ exp(−t²) dt.", _erf,
    by_input=lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x),
)  # fmt: skip
_erfc_of_float = np.frompyfunc(math.erfc, 1, 1)


def _erfc(x):
    return np.asarray(_erfc_of_float(x), dtype=x.dtype)


def _erfinv(x):
    """Winitzki's approximation (2008), and Halley's steps from it, on the tail, which does not cancel."""
    far = np.minimum(np.abs(x.astype(np.float64)), 1 - 2.0**-53)
    log = np.log1p(-far * far)
    half = 2 / (math.pi * 0.147) + log / 2
    y = np.sqrt(np.sqrt(half * half - log / 0.147) - half)
    for _ in range(3):
        miss = (1 - far) - _erfc(y)
        y = y - miss / (2 / math.sqrt(math.pi) * np.exp(-y * y) + y * miss)
    y = np.where(np.abs(x) < 1, y, np.where(np.abs(x) == 1, np.inf, np.nan))
    return np.asarray(np.copysign(y, x), dtype=x.dtype)


erfc = unary(
    "erfc", "1 − erf(x), exact where erf(x) is nearly 1.", _erfc,
    by_input=lambda x: -2 / math.sqrt(math.pi) * np.exp(-x * x),
)  # fmt: skip
erfinv = unary(
    "erfinv", "The number whose error function is x.", _erfinv,
    by_output=lambda y: math.sqrt(math.pi) / 2 * np.exp(y * y), values=Values("A B", -0.9, 0.9),
)  # fmt: skip


@operation
class relu:
    """max(x, 0); its derivative at 0 is 0."""

    domain = Domain((away_from(0.0),))
    points = (((np.array([0.0]),), {}, (np.array([0.0]),)),)
    keeps = ("output",)

    def forward(x):
        output = kernels.relu(x)
        return output, (output,)

    def vjp(g, residuals, needs):
        (output,) = residuals
        if isinstance(g, np.ndarray) and isinstance(output, np.ndarray):
            return (kernels.relu_gradient(g, output),)
        return (g * (output > 0),)


relu6 = unary(
    "relu6", "min(max(x, 0), 6); its derivative at 0 and 6 is 0.", lambda x: np.clip(x, 0, 6),
    by_output=lambda y: (y > 0) & (y < 6),
    values=away_from(0.0, 6.0, low=-2.0, high=8.0), at={0.0: 0.0, 6.0: 0.0},
)  # fmt: skip
leaky_relu = unary(
    "leaky_relu", "x where x > 0, elsewhere the slope times x; its derivative at 0 is the slope.",
    lambda x, negative_slope=0.2: np.where(x > 0, x, negative_slope * x),
    by_input=lambda x, negative_slope=0.2: np.where(x > 0, np.ones_like(x), negative_slope),
    values=away_from(0.0), attributes={"negative_slope": [0.2, 0.3, 0.0]}, at={0.0: 0.2},
)  # fmt: skip


def _elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


elu = unary(
    "elu", "x where x > 0, elsewhere alpha (eˣ − 1); its derivative at 0 is alpha.", _elu,
    by_input=lambda x, alpha=1.0: np.where(x > 0, np.ones_like(x), alpha * np.exp(np.minimum(x, 0))),
    values=away_from(0.0), attributes={"alpha": [1.0, 0.5]}, at={0.0: 1.0},
)  # fmt: skip
selu = unary(
    "selu", "1.0507 elu(x, 1.6733) (Klambauer et al. 2017); its derivative at 0 is 1.0507.",
    lambda x: SELU_SCALE * _elu(x, SELU_ALPHA),
    by_input=lambda x: SELU_SCALE * np.where(x >= 0, np.ones_like(x), SELU_ALPHA * np.exp(np.minimum(x, 0))),
    values=away_from(0.0), at={0.0: SELU_SCALE},
)  # fmt: skip


def _silu(x):
    return x * sigmoid(x)


def _silu_derivative(x):
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


silu = unary("silu", "x sigmoid(x), also called swish.", _silu, by_input=_silu_derivative)
hard_sigmoid = unary(
    "hard_sigmoid", "relu6(x + 3)/6 (Keras 3; Keras 2 had another slope).",
    lambda x: np.clip(x + 3, 0, 6) / 6, by_output=lambda y: np.where((y > 0) & (y < 1), np.ones_like(y), 0.0) / 6,
    values=away_from(-3.0, 3.0, low=-5.0, high=5.0), at={-3.0: 0.0, 3.0: 0.0},
)  # fmt: skip

_GELU_TANH_SCALE = math.sqrt(2 / math.pi)


def _gelu(x, approximate=False):
    if approximate:
        return 0.5 * x * (1 + np.tanh(_GELU_TANH_SCALE * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


def _gelu_derivative(x, approximate=False):
    if approximate:
        t = np.tanh(_GELU_TANH_SCALE * (x + 0.044715 * x * x * x))
        inner = _GELU_TANH_SCALE * (1 + 3 * 0.044715 * x * x)
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner
    density = np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
    return 0.5 * (1 + erf(x * math.sqrt(0.5))) + x * density


gelu = unary(
    "gelu", "x Φ(x) with the normal distribution Φ, or its tanh approximation (Hendrycks and Gimpel 2016).",
    _gelu, by_input=_gelu_derivative, attributes={"approximate": [False, True]},
)  # fmt: skip


@operation
class clip:
    """x limited to [x_min, x_max]; the derivative is 1 inside and at both ends, as in Keras."""

    keeps = ("x",)
    domain = Domain(
        (Values("A B", kinks=lambda attributes: (attributes["x_min"], attributes["x_max"])),),
        {"x_min": [-1.0, 0.0], "x_max": [1.0, 0.5]},
    )
    points = (
        ((np.array([-1.0, 1.0, 2.0]),), {"x_min": -1.0, "x_max": 1.0}, (np.array([1.0, 1.0, 0.0]),)),
    )

    def forward(x, *, x_min, x_max):
        return np.clip(x, x_min, x_max), (x,)

    def vjp(g, residuals, needs, *, x_min, x_max):
        (x,) = residuals
        # None leaves a side open, as in np.clip.
        inside = np.ones(x.shape, bool) if x_min is None else x >= x_min
        return (g * (inside if x_max is None else inside & (x <= x_max)),)


@operation
class cast:
    """The same values in another dtype; the cotangent is cast back."""

    domain = Domain((Values("A B"),), {"dtype": ["float64", "float32"]})
    linear = (0,)

    def forward(x, *, dtype):
        return x.astype(dtype), (x.dtype,)

    def vjp(g, residuals, needs, *, dtype):
        return (g.astype(residuals[0]),)
