"""keras.src.backend.common.dtypes: the dtypes that tests go through."""

from __future__ import annotations

import ml_dtypes  # noqa: F401 (NumPy then knows bfloat16, of which some cases are made)

FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")  # half precision tinynet refuses
INT_TYPES = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "int64")
BOOL_TYPES = ("bool",)
ALLOWED_DTYPES = (*FLOAT_TYPES, *INT_TYPES, *BOOL_TYPES)
FLOAT8_TYPES = ("float8_e4m3fn", "float8_e5m2")
ALL_TYPES = (*BOOL_TYPES, *INT_TYPES, *FLOAT_TYPES)
COMPLEX_TYPES = ("complex64", "complex128")
