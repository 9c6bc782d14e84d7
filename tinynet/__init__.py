"""tinynet: a tensor with a recorded graph, and Keras's layers, training and files on it."""

from tinynet.autograd import Tensor, Variable, enable_grad, grad, gradcheck, no_grad, value_and_grad

__version__ = "0.1.0"
