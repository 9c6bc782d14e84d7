"""The compiled kernels, with the signatures of their NumPy versions, which say what they compute."""

from tinynet.kernels.compiled.pooling import max_pool, max_pool_with_winners, to_winners
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

__all__ = [
    "gru_backward", "gru_forward", "gru_states", "lstm_backward", "lstm_forward", "lstm_states",
    "max_pool", "max_pool_with_winners", "simple_rnn_backward", "simple_rnn_forward", "simple_rnn_states",
    "to_winners",
]  # fmt: skip
