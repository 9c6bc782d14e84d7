"""The curves and summation methods of AUC, which are words in tinynet."""

from __future__ import annotations


class AUCCurve:
    ROC, PR, PRGAIN = "ROC", "PR", "PRGAIN"


class AUCSummationMethod:
    INTERPOLATION, MAJORING, MINORING = "interpolation", "majoring", "minoring"
