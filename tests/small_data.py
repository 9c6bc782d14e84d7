"""A fixture: small made-up data of the form of the real data sets."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from cifar10_files import python2_pickle


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images in CIFAR-10's form and sentences in NusaX's, with classes one can learn."""
    folder = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(0)

    images = folder / "cifar10" / "cifar-10-batches-py"
    images.mkdir(parents=True)
    names = {f"data_batch_{n}": f"training batch {n} of 5" for n in range(1, 6)}
    for name, label in {**names, "test_batch": "testing batch 1 of 1"}.items():
        labels = np.arange(20) % 10
        pixels = np.clip(generator.normal(25 * labels[:, None], 20, (20, 3072)), 0, 255).astype(np.uint8)
        batch = {"batch_label": label, "labels": labels.tolist(), "data": pixels}
        (images / name).write_bytes(python2_pickle(batch))

    sentences = folder / "nusax_indonesian"
    sentences.mkdir()
    words = {"negative": ["buruk", "kecewa"], "neutral": ["rapat", "senin"], "positive": ["enak", "suka"]}
    for split, count in (("train", 60), ("valid", 12), ("test", 15)):
        with open(sentences / f"{split}.csv", "w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["id", "text", "label"])
            for row in range(count):
                label = list(words)[row % 3]
                text = " ".join(["saya", *generator.choice(words[label], 3), f"kata{row}"])
                writer.writerow([row, text, label])
    return folder
