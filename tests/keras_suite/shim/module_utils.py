"""keras.src.utils.module_utils: packages that are imported when they are needed."""

from __future__ import annotations

from keras_suite.absent import Absent

tensorflow, dmtree, optree = Absent("tensorflow"), Absent("dmtree"), Absent("optree")
