"""Drawn sample weights and masks for the values of a loss."""

from __future__ import annotations

from hypothesis import strategies as st


def weights_for(data, rng, shape):
    """Weights for values of a shape, in every rank Keras takes; sometimes all of them 0."""
    if not shape:
        return None
    choices = [None, shape, (*shape, 1)]
    if len(shape) > 1:
        choices.append((shape[0], *(1,) * (len(shape) - 1)))
    chosen = data.draw(st.sampled_from(choices))
    if chosen is None:
        return None
    return (rng.integers(0, 4, chosen) / 2 * data.draw(st.sampled_from([0.0, 1.0, 1.0]))).astype("float32")


def mask_for(data, rng, shape):
    if len(shape) < 2 or not data.draw(st.booleans()):
        return None
    return rng.random(shape) < data.draw(st.sampled_from([0.0, 0.5, 0.9]))
