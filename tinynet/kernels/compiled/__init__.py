"""The compiled kernels, with the signatures of their NumPy versions, which say what they compute."""

from tinynet.kernels.compiled.activation import relu, relu_gradient
from tinynet.kernels.compiled.classification import cross_entropy, cross_entropy_gradient, softmax
from tinynet.kernels.compiled.grouped import convolve, gradients_behind_relu, input_gradient, kernel_gradient
from tinynet.kernels.compiled.normalization import (
    column_moments,
    column_products,
    column_sums,
    combine_columns,
    scale_columns,
)
from tinynet.kernels.compiled.philox import random_mask, random_words
from tinynet.kernels.compiled.pooled_convolution import (
    convolve_and_pool,
    convolve_and_pool_with_winners,
    gradients_behind_pool,
)
from tinynet.kernels.compiled.pooling import (
    average_pool,
    average_pool_adjoint,
    max_pool,
    max_pool_with_winners,
    to_winners,
)
from tinynet.kernels.compiled.products import product
from tinynet.kernels.compiled.recurrent import (
    gru_backward,
    gru_forward,
    gru_states,
    lstm_backward,
    lstm_forward,
    lstm_states,
    simple_rnn_backward,
    simple_rnn_forward,
    simple_rnn_states,
)
from tinynet.kernels.compiled.rows import sum_rows, sum_rows_and_squares
from tinynet.kernels.compiled.updates import adagrad, adam, rmsprop, sgd

__all__ = [
    "adagrad", "adam", "average_pool", "average_pool_adjoint", "column_moments", "column_products", "column_sums",
    "combine_columns", "convolve", "convolve_and_pool", "convolve_and_pool_with_winners", "cross_entropy",
    "cross_entropy_gradient", "gradients_behind_pool", "gradients_behind_relu", "gru_backward", "gru_forward",
    "gru_states", "input_gradient", "kernel_gradient", "lstm_backward", "lstm_forward", "lstm_states", "max_pool",
    "max_pool_with_winners", "product", "random_mask", "random_words", "relu", "relu_gradient", "rmsprop",
    "scale_columns", "sgd", "simple_rnn_backward", "simple_rnn_forward", "simple_rnn_states", "softmax", "sum_rows",
    "sum_rows_and_squares", "to_winners",
]  # fmt: skip
