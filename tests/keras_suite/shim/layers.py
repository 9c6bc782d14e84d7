"""keras.src.layers: names that Keras's layers have from elsewhere."""
