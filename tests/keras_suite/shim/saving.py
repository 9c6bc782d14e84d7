"""keras.src.saving."""
