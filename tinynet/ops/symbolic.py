"""Symbolic tensors: a shape and a dtype without values, from which functional models are made.

An operation or a layer that is called on a `KerasTensor` computes nothing. It gives symbolic
results and remembers the call as a `Node`; the nodes between a model's inputs and outputs are its
graph, which later runs on real tensors.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from tinynet.autograd import Tensor, as_tensor, no_grad
from tinynet.autograd.tensor import wrap
from tinynet.catalogue import Config, snake_case
from tinynet.errors import ArgumentError, TinynetError, nearest
from tinynet.naming import automatic_name
from tinynet.nested import leaves, map_leaves, packed

Shape = tuple[int | None, ...]


class History(NamedTuple):
    """Where a symbolic tensor comes from: which result of which call of which operation."""

    operation: Any
    node_index: int
    tensor_index: int

    @property
    def node(self) -> Node:
        """The call."""
        found: Node = self.operation._inbound_nodes[self.node_index]
        return found


class KerasTensor:
    """A tensor without values: what `Input` gives, and what layers and operations make of it.

    shape: None where a size may vary. dtype: its name.

    Source: https://keras.io/api/models/model/

    >>> x = KerasTensor((None, 3))
    >>> (x + 1.0).shape, (x > 0).dtype, x[:, 0].shape
    ((None, 3), 'bool', (None,))
    """

    __array_ufunc__ = None  # an array beside it leaves the operator to it

    def __init__(self, shape: Sequence[int | None], dtype: str = "float32", name: str | None = None) -> None:
        self.shape: Shape = tuple(shape)
        self.dtype = dtype
        self.name = name or automatic_name("keras_tensor")
        self._keras_history: History | None = None
        self._tags: dict[str, Any] | None = None  # as a Tensor's: its symbolic mask

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _no_value(self, *_: Any, **__: Any) -> Any:
        raise ArgumentError(
            f"{self!r} is symbolic: it stands for values that come later. Use it in layers, in functions of "
            "tinynet.ops and in operators; other code belongs into a layer of your own."
        )

    __array__ = __bool__ = __float__ = __int__ = __iter__ = __len__ = _no_value

    def __getitem__(self, key: Any) -> Any:
        return call("GetItem", self, key)

    def reshape(self, newshape: Any) -> Any:
        """As `ops.reshape`."""
        return call("Reshape", self, newshape=newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """As `ops.squeeze`."""
        return call("Squeeze", self, axis=axis)


def _operator(class_name: str, swapped: bool = False) -> Callable[..., Any]:
    def operate(self: KerasTensor, *other: Any) -> Any:
        return call(class_name, *other, self) if swapped else call(class_name, self, *other)

    return operate


_OPERATORS = {
    "add": "Add", "sub": "Subtract", "mul": "Multiply", "truediv": "TrueDivide", "floordiv": "FloorDivide",
    "mod": "Mod", "pow": "Power", "matmul": "Matmul", "and": "LogicalAnd", "or": "LogicalOr", "xor": "LogicalXor",
}  # fmt: skip
for _name, _class in _OPERATORS.items():
    setattr(KerasTensor, f"__{_name}__", _operator(_class))
    setattr(KerasTensor, f"__r{_name}__", _operator(_class, swapped=True))
for _name, _class in {
    "neg": "Negative", "abs": "Absolute", "invert": "LogicalNot", "lt": "Less", "le": "LessEqual", "gt": "Greater",
    "ge": "GreaterEqual", "ne": "NotEqual",
}.items():  # fmt: skip
    setattr(KerasTensor, f"__{_name}__", _operator(_class))


def is_symbolic(*values: Any) -> bool:
    """Whether a symbolic tensor is among the values, or within their lists and dicts."""
    for value in values:
        if type(value) is KerasTensor:
            return True
        if type(value) in (list, tuple, dict) and any(type(part) is KerasTensor for part in leaves(value)):
            return True
    return False


class Node:
    """One call of an operation on symbolic tensors: its arguments and its results.

    The operation keeps its nodes in `_inbound_nodes`; the results learn where they come from.
    """

    repeats = False  # another call, for a model that starts in the middle of the graph

    def __init__(self, operation: Any, args: Sequence[Any], kwargs: dict[str, Any], outputs: Any) -> None:
        self.operation = operation
        self.args = map_leaves(lambda part: part, tuple(args))
        self.kwargs = map_leaves(lambda part: part, kwargs)
        self.outputs: list[KerasTensor] = list(leaves(outputs))
        self.inputs = [part for part in leaves((self.args, self.kwargs)) if isinstance(part, KerasTensor)]
        operation._inbound_nodes.append(self)
        for number, output in enumerate(self.outputs):
            output._keras_history = History(operation, len(operation._inbound_nodes) - 1, number)

    def __repr__(self) -> str:
        return f"<Node operation={self.operation.name}>"

    @property
    def parents(self) -> list[Node]:
        """The calls whose results this one takes."""
        return [t._keras_history.node for t in self.inputs if t._keras_history is not None]

    def arguments(self, values: dict[int, Any]) -> tuple[Any, Any]:
        """Positional and keyword arguments with the values of the symbolic tensors, given by their ids."""

        def value(part: Any) -> Any:
            return values[id(part)] if isinstance(part, KerasTensor) else part

        return map_leaves(value, self.args), map_leaves(value, self.kwargs)


class Definition(NamedTuple):
    """A function of `tinynet.ops` under the name of Keras's class for it."""

    function: Callable[..., Any]
    module: str  # within keras.src.ops
    settings: tuple[str, ...]  # parameters that are no operands: what the class's constructor takes


DEFINITIONS: dict[str, Definition] = {}

# Parameters that are tensors; all others are settings.
OPERANDS = {
    "x", "x1", "x2", "xs", "inputs", "condition", "kernel", "depthwise_kernel", "pointwise_kernel", "indices", "target",
    "output", "operands", "key", "mean", "variance", "offset", "scale", "constant_values", "rtol", "atol", "gamma",
    "beta", "variable", "fill_value", "a", "array", "weights", "targets", "predictions", "updates", "values",
    "sorted_sequence", "start_indices", "bins", "target_length", "output_length", "query", "value", "bias", "mask",
    "y", "q",
}  # fmt: skip
# Names that are settings elsewhere.
OPERANDS_OF = {"lstsq": ("b",), "solve": ("b",), "solve_triangular": ("b",)}
# And the other way round.
SETTINGS_OF = {"diagonal": ("offset",), "trace": ("offset",)}
# Where Keras's class is not the function's name in camel case.
CLASS_NAMES = {
    "abs": "Absolute", "allclose": "AllClose", "batch_normalization": "BatchNorm", "cdist": "CDist",
    "ctc_loss": "CTCLoss",
    "hard_swish": "HardSilu", "isin": "IsIn", "layer_normalization": "LayerNorm", "rms_normalization": "RMSNorm",
    "psnr": "PSNR", "searchsorted": "SearchSorted", "svd": "SVD", "swish": "Silu",
}  # fmt: skip
MODULES = {
    "core": (
        "cast", "convert_to_tensor", "saturate_cast", "scatter_update", "slice", "slice_update", "stop_gradient", "unstack",
    ),
    "math": (
        "cdist", "erf", "erfc", "erfinv", "extract_sequences", "in_top_k", "logdet", "logsumexp", "rsqrt", "top_k",
    ),
    "linalg": (
        "cholesky", "cholesky_inverse", "det", "eigh", "inv", "lstsq", "lu_factor", "matrix_rank", "norm", "pinv", "qr",
        "solve", "solve_triangular", "svd",
    ),
    "nn": (
        "adaptive_average_pool", "adaptive_max_pool", "average_pool", "batch_normalization", "binary_crossentropy", "categorical_crossentropy", "celu", "conv",
        "conv_transpose", "ctc_loss", "depth_to_space", "depthwise_conv", "dot_product_attention", "elu", "fold",
        "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "layer_normalization", "leaky_relu",
        "log_sigmoid", "log_softmax", "max_pool", "moments", "multi_hot", "normalize", "one_hot", "psnr", "relu",
        "relu6", "rms_normalization", "selu", "separable_conv", "sigmoid", "silu", "hard_swish", "soft_shrink",
        "softmax", "softplus", "softsign", "space_to_depth", "sparse_categorical_crossentropy", "sparse_plus",
        "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh_shrink", "threshold", "unfold",
    ),
}  # fmt: skip
# Functions of no tensor, functions of functions, those whose result depends on values or outgrows the operands, and
# those that Keras has no class for.
UNTRACED = {
    "arange", "bartlett", "bincount", "blackman", "cond", "convert_to_numpy", "diag", "diagflat", "dropout",
    "dtype", "empty", "eye", "fori_loop", "full", "geomspace", "gru", "hamming", "hanning", "histogram", "identity",
    "is_tensor", "jvp", "kaiser", "linspace", "logspace", "lstm", "map", "meshgrid", "ndim", "nonzero", "ones",
    "scan", "scatter", "segment_max", "segment_min", "segment_prod", "segment_sum", "select", "shape", "simple_rnn",
    "size", "standardize", "switch", "tri", "unique", "vectorized_map", "while_loop", "zeros",
}  # fmt: skip
_MODULE_OF = {name: module for module, names in MODULES.items() for name in names}


class SymbolicOperation:
    """A function of `tinynet.ops` as a part of a functional model's graph; Keras's name of it is `class_name`.

    settings: the function's arguments that are no tensors.
    """

    def __init__(self, class_name: str, settings: dict[str, Any], name: str | None = None) -> None:
        if class_name not in DEFINITIONS:
            raise ArgumentError(f"unknown operation {class_name!r}. {nearest(class_name, DEFINITIONS)}")
        definition = DEFINITIONS[class_name]
        for key in settings:
            if key not in definition.settings:
                raise ArgumentError(
                    f"operation {class_name}: unknown setting {key!r}. {nearest(key, definition.settings)}"
                )
        self.class_name = class_name
        self.settings = settings
        self.name = name or automatic_name(snake_case(class_name))
        self._inbound_nodes: list[Node] = []

    @property
    def module(self) -> str:
        """The name of Keras's module for it, as it stands in files."""
        return f"keras.src.ops.{DEFINITIONS[self.class_name].module}"

    def get_config(self) -> Config:
        return {"name": self.name, **self.settings}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not is_symbolic(args, kwargs):
            return self.call(*args, **kwargs)
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The function's results for arrays and tensors."""
        return DEFINITIONS[self.class_name].function(*args, **self.settings, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The results for symbolic operands: tensors of a shape and a dtype."""
        function = functools.partial(DEFINITIONS[self.class_name].function, **self.settings)
        if self.class_name in CHANNELS_OF_KERNEL and len(args) > 1:
            args = (_with_channels(args[0], args[1], CHANNELS_OF_KERNEL[self.class_name], self.settings), *args[1:])
        if self.class_name not in SIZED:
            outputs = _matched(self, function, args, kwargs)
            if outputs is not None:
                return outputs
        _allow(self, args, kwargs)
        return inferred(function, args, kwargs)


# The axis of the kernel that has as many elements as the inputs have channels.
CHANNELS_OF_KERNEL = {"Conv": -2, "ConvTranspose": -1, "DepthwiseConv": -2, "SeparableConv": -2}


def _with_channels(x: Any, kernel: Any, axis: int, settings: dict[str, Any]) -> Any:
    """Symbolic inputs with the channels of the kernel, where they are open."""
    place = 1 if settings.get("data_format") == "channels_first" else -1
    if not isinstance(x, KerasTensor) or x.ndim < 3 or x.shape[place] is not None or len(getattr(kernel, "shape", ())) < 3:
        return x
    shape = list(x.shape)
    shape[place] = kernel.shape[axis]
    return KerasTensor(shape, x.dtype)


def call(class_name: str, *operands: Any, **settings: Any) -> Any:
    """A new operation of Keras's class name, called on operands of which some are symbolic."""
    return SymbolicOperation(class_name, settings)(*operands)


# Sizes that stand for an unknown one, in two trials: what differs between the results is unknown, too.
# Reshaping and splitting divide them, so they have many divisors; batches are kept small.
TRIALS = ((2, 24), (4, 48))


# Operations that compute with sizes; the axes of the other results are the operands' own, or of size 1.
SIZED = {
    "AdaptiveAveragePool", "AdaptiveMaxPool", "Append", "ArraySplit", "AveragePool", "BroadcastTo", "Conv",
    "ConvTranspose", "Correlate", "Cross", "DepthToSpace", "DepthwiseConv", "Diagonal", "Diff", "Dsplit", "Dstack",
    "ExtractSequences", "Fold", "GetItem", "Glu", "Hsplit", "Hstack", "Kron", "MaxPool", "MultiHot",
    "Nanpercentile", "Nanquantile", "OneHot", "Pad", "Percentile", "Quantile", "Ravel", "Repeat", "Reshape",
    "ScatterUpdate", "SeparableConv", "Slice", "SliceUpdate", "SpaceToDepth", "Split", "Stack", "Tile", "TopK",
    "Trapezoid", "Unfold", "UnravelIndex", "Unstack", "Vander", "Vsplit", "Vstack",
}  # fmt: skip
SIZED_ALONG_AXIS = ("Concatenate",)  # that compute with the sizes of one axis alone
PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31)
LARGEST_TRIAL = 1 << 28  # bytes that an operation may take up when it is tried
ALL_TRIALS = 1 << 31  # bytes for all operations of a model from a file
SMALL = 1 << 16  # elements of a result that need no thought
LARGEST_MATCHED = 1 << 24  # elements of a result found with small numbers in the place of sizes

_left: ContextVar[list[int] | None] = ContextVar("left", default=None)  # bytes, within `bounded_trials`


@contextlib.contextmanager
def bounded_trials() -> Iterator[None]:
    """Within it the operations that are tried out may not take up more than `ALL_TRIALS` bytes together."""
    token = _left.set([ALL_TRIALS])
    try:
        yield
    finally:
        _left.reset(token)


def _operands(args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with symbolic tensors in the places of arrays, and of lists of numbers."""

    def symbolic(part: Any) -> Any:
        if isinstance(part, (list, tuple)) and not is_symbolic(part):
            part = np.asarray(part)
        return KerasTensor(part.shape, str(part.dtype)) if isinstance(part, (np.ndarray, Tensor)) else part

    named = {key: symbolic(part) for key, part in kwargs.items()}
    return [map_leaves(symbolic, symbolic(part)) for part in args], named


def _elements(shape: Sequence[int | None]) -> int:
    """The elements of the larger stand-in for a tensor."""
    batch, size = TRIALS[-1]
    return math.prod((size if axis else batch) if n is None else n for axis, n in enumerate(shape))


def _matched(operation: SymbolicOperation, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The results of a function of large tensors, found with a small prime in the place of each size.

    None for small tensors, which can be tried as they are, and where sizes came out that went into nothing.
    """
    tensors = [part for part in leaves((list(args), kwargs)) if isinstance(part, (KerasTensor, np.ndarray, Tensor))]
    if math.prod(max(_elements(t.shape), 1) for t in tensors) <= SMALL:
        return None
    args, kwargs = _operands(args, kwargs)
    tensors = [part for part in leaves((args, kwargs)) if isinstance(part, KerasTensor)]
    shapes = [t.shape for t in tensors]
    sizes = sorted({n for shape in shapes for n in shape if n is not None and n > 1})
    if len(sizes) > len(PRIMES):
        return None
    small, back = dict(zip(sizes, PRIMES, strict=False)), dict(zip(PRIMES, sizes, strict=False))

    kept = operation.settings.get("axis") if operation.class_name in SIZED_ALONG_AXIS else None

    def exchanged(part: Any, sizes: dict[int, int]) -> Any:
        if not isinstance(part, KerasTensor):
            return part
        shape = [n if n is None else sizes.get(n, n) for n in part.shape]
        if isinstance(kept, int) and -len(shape) <= kept < len(shape):
            shape[kept] = part.shape[kept]
        return KerasTensor(shape, part.dtype)

    args, kwargs = map_leaves(lambda part: exchanged(part, small), (args, kwargs))
    tensors = [part for part in leaves((args, kwargs)) if isinstance(part, KerasTensor)]
    count = sum if kept is not None else math.prod
    if count(max(_elements(t.shape), 1) for t in tensors) > LARGEST_MATCHED:
        return None
    try:
        outputs = inferred(function, args, kwargs)
    except TinynetError as error:
        raise type(error)(
            f"operation {operation.class_name} {operation.name!r}: does not take tensors of "
            f"{', '.join(map(str, shapes[:5]))}; told with small numbers in the place of sizes: {error}"
        ) from error
    places = ((output, axis) for output in leaves(outputs) for axis in range(output.ndim))
    found = [output.shape[axis] for output, axis in places if kept not in (axis, axis - output.ndim)]
    if any(n not in (None, 0, 1) and n not in back for n in found):
        return None
    return map_leaves(lambda output: exchanged(output, back), outputs)


def _allow(operation: SymbolicOperation, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
    """Raises `ArgumentError` for an operation that takes up too much memory when it is tried."""
    tensors = [part for part in leaves(_operands(args, kwargs)) if isinstance(part, KerasTensor)]
    shapes = [part.shape for part in tensors]
    most, left = 8 * _result_at_most(operation, shapes, args), _left.get()
    if left is not None:
        left[0] -= most
    if most > 2 * LARGEST_TRIAL or (left is not None and left[0] < 0):
        raise ArgumentError(
            f"operation {operation.class_name} {operation.name!r}: is too large for tensors of "
            f"{', '.join(map(str, shapes[:3]))}: its result cannot be tried out"
        )


def _result_at_most(operation: SymbolicOperation, shapes: Sequence[Shape], args: Sequence[Any]) -> int:
    """About as many elements as an operation computes, or more."""
    name, settings = operation.class_name, operation.settings
    count = sum(map(_elements, shapes))
    numbers = {key: [abs(n) for n in leaves(value) if isinstance(n, int)] for key, value in settings.items()}
    if name in ("ArraySplit", "Split", "Unstack"):  # each part is an object
        sections = settings.get("indices_or_sections")
        most = max(*map(_elements, shapes), 1)
        parts = sections if isinstance(sections, int) else most if name == "Unstack" else 1000
        return count + 100 * parts
    if name in ("Repeat", "Tile"):
        counts = numbers.get("repeats", [])
        return count * (max(counts, default=1) if name == "Repeat" else math.prod(max(n, 1) for n in counts))
    if name == "OneHot":
        return count * max(numbers.get("num_classes", [1]))
    if name in ("Pad", "MaxPool", "AveragePool"):
        added = numbers.get("pad_width" if name == "Pad" else "pool_size", [])
        if len(added) != 2 * len(shapes[0]):  # one pair, one number or one for each axis of a window
            added = [max(added, default=0)] * (2 * len(shapes[0]))
        pairs = zip(shapes[0], added[::2], added[1::2], strict=True)
        return _elements([n if n is None else n + before + after for n, before, after in pairs])
    if name.endswith(("Conv", "ConvTranspose")):
        windows = [math.prod(n or 1 for n in shape[:-2]) for shape in shapes[1:]]
        return count * max(windows, default=1) * math.prod(numbers.get("strides", []) if "Trans" in name else [])
    if name == "GetItem":
        keys = [part for key in args[1:] for part in (key if isinstance(key, (list, tuple)) else [key])]
        return count * math.prod(_count(key) for key in keys if isinstance(key, (list, np.ndarray)))
    if name in SIZED or name in SIZED_ALONG_AXIS or name.startswith("Take"):
        return count
    return math.prod(max(_elements(shape), 1) for shape in shapes)


def _count(key: Any) -> int:
    """How many indices are in a key, at least 1."""
    return max(key.size if isinstance(key, np.ndarray) else sum(1 for _ in leaves(key)), 1)


def inferred(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The symbolic results of a function, found by trying it on arrays of two sizes.

    Raises `ShapeError` and its like when the function does not take such shapes.
    """
    first, second = (_tried(function, args, kwargs, *trial) for trial in TRIALS)
    if len(list(leaves(first))) != len(list(leaves(second))):
        raise ArgumentError("the number of results depends on a size that is open; give the inputs' full shape")

    def merged(a: Any, b: Any) -> KerasTensor:
        if not isinstance(a, Tensor):
            raise ArgumentError(f"the result is no tensor but {type(a).__name__}; it cannot be part of a model")
        if a.ndim != b.ndim:
            raise ArgumentError("the number of axes of the result depends on the sizes of the inputs")
        shape = [n if n == m else None for n, m in zip(a.shape, b.shape, strict=True)]
        return KerasTensor(shape, a.dtype.name)

    return packed(first, map(merged, leaves(first), leaves(second)))


def _tried(function: Callable[..., Any], args: Any, kwargs: Any, batch: int, size: int) -> Any:
    def stand_in(value: int | None) -> Callable[[Any], Any]:
        def of(part: Any) -> Any:
            if not isinstance(part, KerasTensor):
                return part
            known = [(size if axis else batch) if n is None else n for axis, n in enumerate(part.shape)]
            numbers: Any = np.eye(known[-2], known[-1]) if value is None and len(known) > 1 else value or 0
            return wrap(np.broadcast_to(np.asarray(numbers, part.dtype), known))

        return of

    with no_grad():
        for value in (1, 0):  # ones may be divided by, and zeros index the smallest of axes
            with contextlib.suppress(TinynetError):
                return function(*map_leaves(stand_in(value), tuple(args)), **map_leaves(stand_in(value), kwargs))
        # Matrices may have to have an inverse.
        return function(*map_leaves(stand_in(None), tuple(args)), **map_leaves(stand_in(None), kwargs))


def traceable(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which on symbolic tensors becomes an operation of their graph."""
    name = function.__name__
    if name in UNTRACED:
        return function
    signature = inspect.signature(function)
    class_name = CLASS_NAMES.get(name) or "".join(part.capitalize() for part in name.split("_"))
    own, other = OPERANDS_OF.get(name, ()), SETTINGS_OF.get(name, ())
    given = tuple(key for key in signature.parameters if key in own or (key in OPERANDS and key not in other))
    settings = tuple(key for key in signature.parameters if key not in given and key != "kwargs")
    DEFINITIONS[class_name] = Definition(_by_operands(function, given), _MODULE_OF.get(name, "numpy"), settings)

    @functools.wraps(function)
    def traced(*args: Any, **kwargs: Any) -> Any:
        for value in args:  # the first argument decides nearly always, and eager code should not wait
            kind = type(value)
            if kind is KerasTensor or ((kind is list or kind is tuple) and is_symbolic(value)):
                break
        else:
            if not kwargs or not is_symbolic(kwargs):
                return function(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        last = max((given.index(key) for key in bound.arguments if key in given), default=-1)
        bound.apply_defaults()
        operands: list[Any] = []
        for key in given[: last + 1]:
            operands += bound.arguments[key] if key == "operands" else [bound.arguments[key]]
        return call(class_name, *operands, **{key: bound.arguments[key] for key in settings})

    return traced


def _by_operands(function: Callable[..., Any], given: tuple[str, ...]) -> Callable[..., Any]:
    """The function with its operands in their order and its settings by name, wherever they stand among each other."""
    parameters = tuple(inspect.signature(function).parameters)
    if parameters[: len(given)] == given:
        return function
    if given == ("operands",):
        before = parameters[: parameters.index("operands")]
        return lambda *operands, **named: function(*(named.pop(key) for key in before), *operands, **named)
    return lambda *operands, **named: function(**dict(zip(given, operands, strict=False)), **named)
