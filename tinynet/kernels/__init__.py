"""The hot loops, over plain arrays. Nothing here knows what a derivative is.

Each kernel is written in NumPy (`convolution`, `pooling`, `recurrent`, ...), which says what it computes.
Those that a benchmark showed to pay are written a second time in C++ (`cpp/`, called through `compiled/`).
This page is where one of the two is chosen.
"""

from tinynet.kernels import choice
from tinynet.kernels.choice import set_threads, threads
from tinynet.kernels.gathering import afterwards, at_once
from tinynet.kernels.pooled_convolution import Convolution, Pooling
from tinynet.kernels.pooling import from_winners
from tinynet.kernels.spatial import output_sizes, padding_amounts

if choice.module is not None:
    from tinynet.kernels.compiled import (
        adagrad,
        adam,
        average_pool,
        average_pool_adjoint,
        column_moments,
        column_products,
        column_sums,
        combine_columns,
        convolve,
        convolve_and_pool,
        convolve_and_pool_with_winners,
        cross_entropy,
        cross_entropy_gradient,
        gradients_behind_pool,
        gradients_behind_relu,
        gru_backward,
        gru_forward,
        gru_states,
        input_gradient,
        kernel_gradient,
        lstm_backward,
        lstm_forward,
        lstm_states,
        max_pool,
        max_pool_with_winners,
        product,
        random_mask,
        random_words,
        relu,
        relu_gradient,
        rmsprop,
        scale_columns,
        sgd,
        simple_rnn_backward,
        simple_rnn_forward,
        simple_rnn_states,
        softmax,
        sum_rows,
        sum_rows_and_squares,
        to_winners,
    )
else:
    from tinynet.kernels.activation import relu, relu_gradient
    from tinynet.kernels.classification import cross_entropy, cross_entropy_gradient, softmax
    from tinynet.kernels.convolution import convolve, gradients_behind_relu, input_gradient, kernel_gradient
    from tinynet.kernels.normalization import (
        column_moments,
        column_products,
        column_sums,
        combine_columns,
        scale_columns,
    )
    from tinynet.kernels.philox import random_mask, random_words
    from tinynet.kernels.pooled_convolution import (
        convolve_and_pool,
        convolve_and_pool_with_winners,
        gradients_behind_pool,
    )
    from tinynet.kernels.pooling import (
        average_pool,
        average_pool_adjoint,
        max_pool,
        max_pool_with_winners,
        to_winners,
    )
    from tinynet.kernels.products import product
    from tinynet.kernels.recurrent import (
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
    from tinynet.kernels.rows import sum_rows, sum_rows_and_squares
    from tinynet.kernels.updates import adagrad, adam, rmsprop, sgd

__all__ = [
    "Convolution", "Pooling", "adagrad", "adam", "average_pool", "average_pool_adjoint", "column_moments",
    "column_products", "column_sums", "combine_columns", "convolve", "convolve_and_pool",
    "convolve_and_pool_with_winners", "cross_entropy", "cross_entropy_gradient", "from_winners",
    "gradients_behind_pool", "gradients_behind_relu", "gru_backward", "gru_forward", "gru_states", "input_gradient",
    "kernel_gradient", "lstm_backward", "lstm_forward", "lstm_states", "max_pool", "max_pool_with_winners",
    "output_sizes", "padding_amounts", "product", "random_mask", "random_words", "relu", "relu_gradient", "rmsprop",
    "scale_columns", "set_threads", "sgd", "simple_rnn_backward", "simple_rnn_forward", "simple_rnn_states",
    "softmax", "sum_rows", "sum_rows_and_squares", "threads", "to_winners",
]  # fmt: skip
