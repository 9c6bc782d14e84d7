"""tinynet's models as estimators of scikit-learn: in pipelines, grid searches and cross-validation.

`TinyNetClassifier` and `TinyNetRegressor` train a multi-layer perceptron, or the model that a function of yours
builds; `TextVectorizer` makes of texts what a recurrent network reads. Needs the extra `sklearn`.
"""

from tinynet.errors import MissingDependencyError, require

if not hasattr(require("sklearn.utils.validation", "sklearn", "tinynet.sklearn"), "validate_data"):
    raise MissingDependencyError("tinynet.sklearn needs scikit-learn 1.6 or newer: pip install 'tinynet[sklearn]'")

from tinynet.sklearn.classifier import TinyNetClassifier
from tinynet.sklearn.regressor import TinyNetRegressor
from tinynet.sklearn.text import TextVectorizer

__all__ = ["TextVectorizer", "TinyNetClassifier", "TinyNetRegressor"]
