"""tinynet in a process that cannot import TensorFlow or Keras: a worker that reads and writes models.

Run as a program it answers, for each line of JSON on its standard input, one line of JSON. `Worker`
starts it. A request names files, `{"load": path, "predictions": path.npz, ...}`:

load: the model's file. json: a configuration, for weights that stand in the file `load`.
inputs: the `.npz` of arrays the model is given, by the names of its inputs.
answers: the `.npz` that is written, with predictions (out_0, …) and weights (weight_0, …).
save: where the loaded model is saved to, in the formats of these paths.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

REFUSED = ("tensorflow", "keras", "torch", "jax")


class Refusing(MetaPathFinder):
    """Makes imports of other frameworks fail, also where they are installed."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if fullname.partition(".")[0] in REFUSED:
            raise ImportError(f"{fullname} must not be imported here")


class Worker:
    """The process, to which requests are sent; it is ended by `close`."""

    def __init__(self) -> None:
        root = Path(__file__).resolve().parents[2]
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to a request: its arrays by name; raises `AssertionError` with the worker's error."""
        import numpy as np

        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({key: _plain(value) for key, value in request.items()}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        with np.load(request["answers"]) as arrays:
            return dict(arrays)

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else str(value)


def answered(request: dict[str, Any]) -> None:
    """Does what a request asks for and writes its answers."""
    import numpy as np

    import tinynet
    from tinynet.nested import leaves

    if "json" in request:
        model = tinynet.models.model_from_json(Path(request["json"]).read_text())
        model.load_weights(request["load"])
    else:
        model = tinynet.models.load_model(request["load"])
    for path in request.get("save", []):
        (model.save_weights if path.endswith(".weights.h5") else model.save)(path)
    with np.load(request["inputs"]) as arrays:
        inputs = dict(arrays)
    results = model(inputs if len(inputs) > 1 else inputs.popitem()[1], training=False)
    found = {f"weight_{i}": array for i, array in enumerate(model.get_weights())}
    found.update({f"out_{i}": np.asarray(tensor) for i, tensor in enumerate(leaves(results))})
    np.savez(request["answers"], **found)


def main() -> None:
    sys.meta_path.insert(0, Refusing())
    import traceback
    import warnings

    warnings.simplefilter("ignore")
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            answered(json.loads(line))
            answer = {}
        except Exception:
            answer = {"error": traceback.format_exc()}
        assert not set(REFUSED) & set(sys.modules)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
