"""Writes the corpus of hostile and malformed files: python tests/saving/hostile.py FOLDER

Each is made by a function or an entry of a table in hostile_archives.py, hostile_configurations.py,
hostile_graphs.py, hostile_weights.py, hostile_bytes.py and hostile_older_files.py, with what it attacks and what its
refusal has to say.
tests/saving/test_hostile_corpus.py loads them all.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [os.fspath(Path(__file__).parents[2])]

import hostile_archives  # noqa: F401
import hostile_bytes  # noqa: F401
import hostile_configurations  # noqa: F401
import hostile_graphs  # noqa: F401
import hostile_older_files  # noqa: F401
import hostile_weights  # noqa: F401
from hostile_parts import FILES, Hostile


def write(folder: Path, files: dict[str, Hostile] = FILES) -> dict[str, Path]:
    """Every file of the corpus, or of a part of it, by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / name for name in files}
    for name, path in paths.items():
        path.write_bytes(files[name].make())
    return paths


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    paths = write(Path(sys.argv[1]))
    for name, path in paths.items():
        print(f"{path.stat().st_size:>10,}  {name:<44} {FILES[name].attack}")
    print(f"{len(paths)} files")


if __name__ == "__main__":
    main()
