"""Studies: variants of a model, trained with several seeds, tested, compared and reported; see docs/study.md."""

from __future__ import annotations

from tinynet.study.data import Data
from tinynet.study.declaration import Study
from tinynet.study.files import load
from tinynet.study.outcome import Outcome
from tinynet.study.ready import STUDIES
from tinynet.study.results import Results

__all__ = ["STUDIES", "Data", "Outcome", "Results", "Study", "load"]
