"""Runs Keras's tests against tinynet: `python tests/keras_suite losses/losses_test.py -k Huber`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from keras_suite.running import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
