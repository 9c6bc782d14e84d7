"""keras.src.backend.numpy.trainer: what makes a model of a layer."""

from tinynet.models.trainer import Trainer as NumpyTrainer

__all__ = ["NumpyTrainer"]
