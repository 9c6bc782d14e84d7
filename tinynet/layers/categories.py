"""Layers from numbers and strings to categories: `CategoryEncoding` and `Hashing`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import arguments, config, ops
from tinynet.autograd import Tensor, as_tensor
from tinynet.autograd.tensor import wrap
from tinynet.catalogue import Config
from tinynet.categories import check_output_mode, check_width, encode, encoded_shape
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError
from tinynet.hashing import crossed_bins, hash_bins
from tinynet.layers.base import Layer, Shape, dtype_name
from tinynet.lookup import check_salt
from tinynet.tokens import as_integers, as_texts

INTEGER_DTYPES = ("int32", "int64")


class CategoryEncoding(Layer):
    """Category numbers (N, T) as vectors of num_tokens elements.

    output_mode: 'one_hot' gives (N, T, num_tokens), one vector for each number, or (N, num_tokens) for (N, 1);
        'multi_hot' (which occur in a sample) and 'count' (how often) give (N, num_tokens).
    count_weights, of `call`: what each number counts, in 'count' mode.

    Raises `DataError` for a number outside [0, num_tokens).
    Source: https://keras.io/api/layers/preprocessing_layers/categorical/category_encoding/

    >>> CategoryEncoding(4, output_mode="count")([[0, 1], [3, 3]]).tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0]]
    """

    dtypes = (*config.FLOAT_DTYPES, *INTEGER_DTYPES)
    casts_inputs = False
    inert_config = {"sparse": (False,)}

    def __init__(self, num_tokens: int | None = None, output_mode: str = "multi_hot", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        where = self.described
        self.num_tokens = check_width(where, "num_tokens", arguments.whole(where, "num_tokens", num_tokens))
        self.output_mode = check_output_mode(where, output_mode, ("one_hot", "multi_hot", "count"))
        self._build_at_init()

    def call(self, inputs: Tensor, count_weights: Any = None) -> Tensor:
        numbers = as_integers(np.asarray(inputs), self.described)
        outside = (numbers < 0) | (numbers >= self.num_tokens)
        if outside.any():
            raise DataError(
                f"{self.described}: expected category numbers in [0, {self.num_tokens}), received {numbers[outside][0]}"
            )
        if count_weights is None:
            return wrap(encode(numbers, self.output_mode, self.num_tokens, self.compute_dtype))
        if self.output_mode != "count":
            raise ArgumentError(f"{self.described}: count_weights needs output_mode='count', not {self.output_mode!r}")
        weights = as_tensor(count_weights).astype(self.compute_dtype)
        if weights.shape != numbers.shape:
            raise ShapeError(
                f"{self.described}: expected count_weights of the shape of the inputs, {numbers.shape}, "
                f"received {weights.shape}"
            )
        vectors = ops.one_hot(np.atleast_1d(numbers), self.num_tokens, dtype=self.compute_dtype)
        return ops.sum(vectors * weights.reshape(*vectors.shape[:-1], 1), axis=min(1, vectors.ndim - 2))

    def compute_output_dtype(self, input_dtype: str) -> str:
        return self.compute_dtype

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return encoded_shape(tuple(input_shape), self.output_mode, self.num_tokens)


class Hashing(Layer):
    """Strings or integers (…) to one of num_bins bins each (…), by a hash of their characters or decimal digits.

    mask_value: an input that has the bin 0 for itself; the others then share the rest.
    salt: without it the hash is FarmHash's; with one or two integers it is SipHash's under that key.
    output_mode: 'int' for the bins; 'one_hot' for a vector of each; 'multi_hot' or 'count' for one of each sample.
    dtype: of the result; int64 for 'int', else a float.

    Raises `DataError` for floats that are no whole numbers of 64 bits, and for texts that are missing.
    Source: https://keras.io/api/layers/preprocessing_layers/categorical/hashing/

    >>> Hashing(3)([["A"], ["B"], ["C"]]).tolist()
    [[1], [0], [1]]
    """

    dtypes = (*config.FLOAT_DTYPES, *INTEGER_DTYPES)
    casts_inputs = False
    inert_config = {"sparse": (False,)}

    def __init__(
        self, num_bins: int, mask_value: Any = None, salt: Any = None, output_mode: str = "int", **kwargs: Any
    ) -> None:
        where = f"Hashing {kwargs.get('name') or ''}".rstrip()
        self.output_mode = check_output_mode(where, output_mode, ("int", "one_hot", "multi_hot", "count"))
        if kwargs.get("dtype") is None and output_mode == "int":
            kwargs["dtype"] = "int64"
        elif output_mode == "int":
            dtype_name(kwargs["dtype"], f"{where}: with output_mode='int'", INTEGER_DTYPES)
        super().__init__(**kwargs)
        self.num_bins = arguments.whole(self.described, "num_bins", num_bins)
        if output_mode != "int":
            check_width(self.described, "num_bins", self.num_bins)
        if not isinstance(mask_value, str | int | np.integer | None) or isinstance(mask_value, bool):
            raise ArgumentError(
                f"{self.described}: mask_value must be None, a str or an integer, received {mask_value!r}"
            )
        self.mask_value = mask_value
        key = check_salt(salt, self.described)
        self.salt = None if key is None else list(key)
        self._build_at_init()

    def _converted(self, inputs: Any) -> Any:
        return inputs

    def call(self, inputs: Any) -> Tensor:
        values = self._values(inputs)
        if self.output_mode == "one_hot" and values.ndim and values.shape[-1] == 1:
            values = values[..., 0]  # as Keras, which leaves out one more below
        bins = self._bins(values)
        if self.output_mode == "int":
            return wrap(bins.astype(self.dtype))
        return wrap(encode(bins, self.output_mode, self.num_bins, self.dtype))

    def _values(self, inputs: Any) -> NDArray[Any]:
        """Inputs as an array of numbers or of texts; an array of NumPy's own text would lose a NUL at the end."""
        try:
            values = np.asarray(inputs)
        except ValueError as error:
            raise ShapeError(f"{self.described}: the rows of the inputs have unequal lengths") from error
        return as_texts(inputs, self.described) if values.dtype.kind in "USO" else values

    def _bins(self, values: NDArray[Any]) -> NDArray[np.int64]:
        is_text = values.dtype.kind == "O"
        if self.mask_value is not None and values.size and isinstance(self.mask_value, str) != is_text:
            raise DtypeError(
                f"{self.described}: mask_value={self.mask_value!r} is none of the inputs' kind, dtype {values.dtype}"
            )
        if is_text:
            tokens = values.ravel().tolist()
        elif values.dtype.kind == "b":
            tokens = ["true" if value else "false" for value in values.flat]
        else:
            tokens = list(map(str, as_integers(values, self.described).ravel().tolist()))
        masked = self.mask_value is not None and self.num_bins > 1
        key = None if self.salt is None else (self.salt[0], self.salt[1])
        bins = hash_bins(tokens, self.num_bins - masked, key).reshape(values.shape)
        if not masked:
            return bins
        mask = np.array([token == str(self.mask_value) for token in tokens], bool).reshape(values.shape)
        return np.where(mask, 0, bins + 1)

    def compute_output_dtype(self, input_dtype: str) -> str:
        return self.dtype

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        shape = tuple(input_shape)
        if self.output_mode == "int":
            return shape
        if self.output_mode == "one_hot" and shape and shape[-1] == 1:
            shape = shape[:-1]
        return encoded_shape(shape, self.output_mode, self.num_bins)

    def get_config(self) -> Config:
        return {**super().get_config(), "salt": self.salt}


class HashedCrossing(Layer):
    """Features together, (N) or (N, 1) each, to one of num_bins bins: each combination has one, by a hash.

    Called on a list of two arrays of strings or integers, or more, all of one shape.

    output_mode: 'int' for the bins; 'one_hot' for a vector of each.
    dtype: of the result; int64 for 'int', else a float.

    Raises `ShapeError` for arrays of unequal or other shapes, `DtypeError` for floats.
    Source: https://keras.io/api/layers/preprocessing_layers/categorical/hashed_crossing/

    >>> HashedCrossing(5)([["A", "B", "A", "B", "A"], [101, 101, 101, 102, 102]]).tolist()
    [1, 4, 1, 1, 3]
    """

    dtypes = (*config.FLOAT_DTYPES, *INTEGER_DTYPES)
    casts_inputs = False
    inert_config = {"sparse": (False,)}

    def __init__(self, num_bins: int, output_mode: str = "int", **kwargs: Any) -> None:
        where = f"HashedCrossing {kwargs.get('name') or ''}".rstrip()
        self.output_mode = check_output_mode(where, output_mode, ("int", "one_hot"))
        if kwargs.get("dtype") is None and output_mode == "int":
            kwargs["dtype"] = "int64"
        super().__init__(**kwargs)
        self.num_bins = arguments.whole(self.described, "num_bins", num_bins)
        if output_mode != "int":
            check_width(self.described, "num_bins", self.num_bins)
        self._build_at_init()

    def _converted(self, inputs: Any) -> Any:
        return inputs

    def call(self, inputs: Any) -> Tensor:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ArgumentError(f"{self.described}: expected a list of at least two arrays, received {inputs!r}")
        features = [self._feature(part) for part in inputs]
        shape = features[0].shape
        if len(shape) > 2 or shape[1:] not in ((), (1,)) or any(part.shape != shape for part in features):
            raise ShapeError(
                f"{self.described}: expected arrays of one shape (), (N) or (N, 1), received shapes "
                f"{[part.shape for part in features]}"
            )
        rows = zip(*(part.ravel().tolist() for part in features), strict=True)
        bins = crossed_bins(rows, self.num_bins).reshape(shape)
        return wrap(bins.astype(self.dtype) if self.output_mode == "int" else self._encoded(bins))

    def _feature(self, values: Any) -> NDArray[Any]:
        array = np.asarray(values)
        if array.dtype.kind in "USO":
            return as_texts(values, self.described)
        if array.dtype.kind not in "iu":
            raise DtypeError(f"{self.described}: expected strings or integers, received dtype {array.dtype}")
        return array

    def _encoded(self, bins: NDArray[np.int64]) -> NDArray[Any]:
        bins = bins[..., 0] if bins.shape[1:] == (1,) else bins
        return encode(bins, self.output_mode, self.num_bins, self.dtype)

    def compute_output_dtype(self, input_dtype: str) -> str:
        return self.dtype

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes = [tuple(shape) for shape in input_shape] if isinstance(input_shape, (list, tuple)) else []
        if len(shapes) < 2 or any(shape != shapes[0] for shape in shapes):
            raise ShapeError(f"{self.described}: expected at least two inputs of one shape, received {input_shape}")
        if self.output_mode == "int":
            return shapes[0]
        return (*(shapes[0][:-1] if shapes[0][1:] == (1,) else shapes[0]), self.num_bins)

    def get_config(self) -> Config:
        # As in Keras: no more than these.
        return {
            "num_bins": self.num_bins, "output_mode": self.output_mode, "sparse": False, "name": self.name,
            "dtype": self.dtype,
        }  # fmt: skip
