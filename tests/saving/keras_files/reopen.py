"""Whether what tinynet writes opens in other versions of Keras 3, with the same numbers.

    python tests/saving/keras_files/reopen.py write FOLDER     where tinynet is installed
    python tests/saving/keras_files/reopen.py read FOLDER      under each version of Keras

The first reads the archives beside it and writes each model again, as `.keras`, `.h5` and `.weights.h5`, with its
inputs and predictions. The second opens everything, compares, and prints what differs; its exit status is 1 then.
"""

from __future__ import annotations

import glob
import io
import os
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

VERSIONS = ("2.15.0", "3.15.1")  # whose models are written again
NOT_IN_KERAS_3 = ("2.15.0-activations", "2.15.0-hard_sigmoids")  # hard_sigmoid was another function in Keras 2


def write(folder: Path) -> None:
    import tinynet

    folder.mkdir(parents=True, exist_ok=True)
    for version in VERSIONS:
        with tarfile.open(Path(__file__).parent / f"{version}.tar.xz") as packed, tempfile.TemporaryDirectory() as aside:
            for member in packed:
                if not member.name.endswith(".keras"):
                    continue
                name = f"{version}-{member.name.removesuffix('.keras')}"
                if name in NOT_IN_KERAS_3:
                    continue
                path = Path(aside) / member.name
                path.write_bytes(packed.extractfile(member).read())  # type: ignore[union-attr]
                recorded = np.load(io.BytesIO(packed.extractfile(member.name[:-6] + ".npz").read()))  # type: ignore[union-attr]
                x = [recorded[f"x{i}"] for i in range(9) if f"x{i}" in recorded]
                model = tinynet.models.load_model(path)
                predictions = model.predict(x[0] if len(x) == 1 else x)
                several = predictions if isinstance(predictions, list) else [predictions]
                np.savez(folder / f"{name}.npz", **{f"x{i}": a for i, a in enumerate(x)}, **{f"p{i}": a for i, a in enumerate(several)})
                model.save(folder / f"{name}.keras")
                model.save(folder / f"{name}.h5")
                model.save_weights(folder / f"{name}.weights.h5")


def read(folder: Path) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    failures = opened = 0
    for record in sorted(glob.glob(str(folder / "*.npz"))):
        recorded, stem = np.load(record), record.removesuffix(".npz")
        x = [recorded[f"x{i}"] for i in range(9) if f"x{i}" in recorded]
        expected = [recorded[f"p{i}"] for i in range(9) if f"p{i}" in recorded]
        for ending in (".keras", ".h5", ".weights.h5"):
            try:
                if ending == ".weights.h5":
                    model = keras.models.load_model(f"{stem}.keras", compile=False)
                    model.set_weights([w + np.ones_like(w) for w in model.get_weights()])
                    model.load_weights(stem + ending)
                else:
                    model = keras.models.load_model(stem + ending)
                found = model.predict(x[0] if len(x) == 1 else x, verbose=0)
                found = found if isinstance(found, list) else [found]
                for one, other in zip(found, expected):
                    np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5 * np.abs(other).max())
                opened += 1
            except Exception as error:  # noqa: BLE001
                failures += 1
                print(f"{os.path.basename(stem)}{ending}: {type(error).__name__}: {str(error)[:300]}")
    print(f"Keras {keras.__version__}: {opened} opened with the same predictions, {failures} not")
    return 1 if failures else 0


if __name__ == "__main__":
    command, where = sys.argv[1:]
    sys.exit({"write": write, "read": read}[command](Path(where)))
