"""Studies in several processes, killed, damaged, on a cluster that loses a worker: the table is always the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import joblib
import pytest
import small_studies
from small_studies import slow, small

from tinynet.errors import ArgumentError, MissingFileError
from tinynet.study import Results, Study

HERE = Path(small_studies.__file__)


def facts(results: Results) -> list[Any]:
    """All of the outcomes but the time they took."""
    return [{**outcome.to_config(), "seconds": None} for outcome in results.outcomes]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The slow study run in this process."""
    return slow().run(tmp_path_factory.mktemp("undisturbed"), quiet=True)


def trials_in(folder: Path) -> list[Path]:
    return sorted((folder / "trials").glob("*.json"))


def wait_for(count: int, folder: Path) -> None:
    """Waits until the folder has so many trials, at most a minute."""
    for _ in range(6000):
        if len(trials_in(folder)) >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{len(trials_in(folder))} of {count} trials after a minute")


def test_killed_twice_and_continued(tmp_path: Path, undisturbed: Results) -> None:
    command = [sys.executable, str(HERE), str(tmp_path), "2"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for done in (2, 5):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        wait_for(done, tmp_path)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert len(trials_in(tmp_path)) < len(undisturbed.outcomes), "it was not killed in the middle"
    kept = {path: path.stat().st_mtime_ns for path in trials_in(tmp_path)}
    continued = slow().run(tmp_path, jobs=2, quiet=True)
    assert facts(continued) == facts(undisturbed)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "what was done is not done again"
    assert not [path for path in (tmp_path / "trials").iterdir() if path.suffix != ".json"], "a file is half written"


def test_a_cluster_that_loses_a_worker(tmp_path: Path, undisturbed: Results) -> None:
    distributed = pytest.importorskip("dask.distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = client.run(os.getpid)
        assert len(workers) == 2 and os.getpid() not in workers.values()

        def kill() -> None:
            wait_for(3, tmp_path)
            os.kill(next(iter(workers.values())), signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with joblib.parallel_config(backend="dask"):
            results = slow().run(tmp_path, quiet=True)
        killer.join()
    assert facts(results) == facts(undisturbed)


def test_what_is_done_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = small(choices={"units": [4], "activation": ["relu"]})
    first = study.run(tmp_path)
    assert len(capsys.readouterr().out.splitlines()) == 3
    again = study.run(tmp_path)
    assert capsys.readouterr().out == "blobs: 3 of 3 trials are done already\n"
    assert [o.to_config() for o in first.outcomes] == [o.to_config() for o in again.outcomes]
    wider = small(choices={"units": [4, 16], "activation": ["relu"]}, seeds=4).run(tmp_path)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "blobs: 3 of 8 trials are done already" and len(told) == 6
    assert told[-1].startswith("8/8  units 16, activation relu, seed 3: macro_f1 0.") or "seed 3" in told[-1]
    assert [o for o in wider.outcomes if o.variant["units"] == 4 and o.seed < 3] == first.outcomes


def test_a_damaged_outcome_is_run_again(tmp_path: Path) -> None:
    study = small(choices={"units": [4], "activation": ["relu"]})
    first = study.run(tmp_path, quiet=True)
    one, two, _ = trials_in(tmp_path)
    one.write_bytes(one.read_bytes()[:100])
    two.write_text(json.dumps({"key": "another"}))
    with pytest.warns(UserWarning, match="is no outcome of a trial, so the trial is run again"):
        again = study.run(tmp_path, quiet=True)
    assert facts(again) == facts(first)


def test_a_failed_trial_stops_nobody_and_is_tried_again(tmp_path: Path) -> None:
    def sometimes(model: Any, data: Any, arguments: Any, units: int) -> Any:
        if units == 16 and not (tmp_path / "mended").exists():
            raise OSError("the disk is full")
        return model.fit(*data.train, **arguments)

    study = small(choices={"units": [16, 4]}, train=sometimes)
    results = study.run(tmp_path, quiet=True)
    assert [(o.variant["units"], o.error is None) for o in results.outcomes] == [(16, False), (4, True)] * 3
    assert all("OSError: the disk is full (test_running.py" in str(outcome.error) for outcome in results.failed)
    assert results.variants == [{"units": 4}]
    (tmp_path / "mended").touch()
    assert not study.run(tmp_path, quiet=True).failed


def test_what_cannot_begin_has_failed(tmp_path: Path) -> None:
    study = small(choices={"fails": [False, True]})
    results = study.run(tmp_path, quiet=True)
    assert [outcome.variant["fails"] for outcome in results.failed] == [True] * 3
    with pytest.raises(ValueError, match="as it was told to"):
        study.restricted(fails=[True]).run(tmp_path, quiet=True)


def test_data_that_are_not_there_end_it_at_once(tmp_path: Path) -> None:
    asked = []

    def data(noise: float) -> Any:
        asked.append(noise)
        raise MissingFileError("no such data set")

    study = Study("missing", small_studies.network, data, choices={"noise": [0.1, 0.2, 0.3]})
    with pytest.raises(MissingFileError, match="no such data set"):
        study.run(tmp_path, quiet=True)
    assert asked == [0.1]


def test_jobs_and_threads_that_cannot_be(tmp_path: Path) -> None:
    for jobs in (0, 1.5, True):
        with pytest.raises(ArgumentError, match="expected jobs to be a number of processes"):
            small().run(tmp_path, jobs=jobs)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="expected threads"):
        small().run(tmp_path, threads=0)


def test_processes_share_the_processors(tmp_path: Path) -> None:
    def threads(model: Any, data: Any, arguments: Any) -> Any:
        import threadpoolctl

        import tinynet

        blas = max((pool["num_threads"] for pool in threadpoolctl.threadpool_info()), default=1)
        return model.fit(*data.train, **arguments), {"kernels": tinynet.kernels.threads(), "blas": blas}

    study: Study = small(train=threads, choices={"units": [4]}, seeds=2)
    shared = study.run(tmp_path, jobs=2, quiet=True)
    limit = max(1, (os.cpu_count() or 1) // 2)
    assert all(outcome.measured == {"kernels": limit, "blas": limit} for outcome in shared.outcomes)


def test_the_table(undisturbed: Results) -> None:
    rows = undisturbed.rows()
    assert len(rows) == 12
    assert list(rows[0]) == [
        "units",
        "activation",
        "seed",
        "macro_f1",
        "accuracy",
        "epochs",
        "seconds",
        "parameters",
        "error",
    ]
    assert rows[0]["epochs"] == 60 and rows[0]["parameters"] == 2 * 4 + 4 + 4 * 3 + 3
    lines = undisturbed.to_csv().splitlines()
    assert lines[0] == "units,activation,seed,macro_f1,accuracy,epochs,seconds,parameters,error" and len(lines) == 13
    variant = undisturbed.variants[0]
    assert undisturbed.confusion(variant).sum() == 3 * 120
    assert undisturbed.scores(variant).tolist() == [
        row["macro_f1"] for row in rows if row["units"] == 4 and row["activation"] == "relu"
    ]
