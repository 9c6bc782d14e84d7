"""keras.src.models."""
