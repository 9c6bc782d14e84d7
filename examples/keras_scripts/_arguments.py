"""What the scripts share as commands: how much data, how many epochs."""

from __future__ import annotations

import argparse


def parsed(description: str | None, samples: int, epochs: int) -> argparse.Namespace:
    """The options --samples and --epochs, with these defaults; --help starts with the script's docstring."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=samples, help=f"to train on ({samples})")
    parser.add_argument("--epochs", type=int, default=epochs, help=f"of training, each ({epochs})")
    return parser.parse_args()
