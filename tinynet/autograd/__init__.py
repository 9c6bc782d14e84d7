"""Tensors, the tape they are recorded on, and the derivatives that come of it."""

from tinynet.autograd.anomaly import detect_anomaly
from tinynet.autograd.checker import GradcheckReport, gradcheck
from tinynet.autograd.tape import enable_grad, no_grad
from tinynet.autograd.tensor import Tensor, as_tensor
from tinynet.autograd.transforms import grad, value_and_grad
from tinynet.autograd.variable import Variable
from tinynet.primitives.slices import Slices

__all__ = [
    "GradcheckReport", "Slices", "Tensor", "Variable", "as_tensor", "detect_anomaly", "enable_grad", "grad", "gradcheck", "no_grad",
    "value_and_grad",
]  # fmt: skip
