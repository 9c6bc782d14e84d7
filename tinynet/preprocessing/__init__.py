"""Texts and sequences made ready for a model, under the names of `tf.keras.preprocessing`."""

from tinynet.preprocessing import sequence, text

__all__ = ["sequence", "text"]
