"""What Keras's tests use of its inner modules, made of tinynet's public names."""
