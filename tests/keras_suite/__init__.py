"""Keras's own unit tests, run against tinynet: see README.md."""
