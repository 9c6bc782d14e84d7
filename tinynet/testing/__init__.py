"""For tests: what an operation may be given, as hypothesis strategies.

Needs the package hypothesis: pip install 'tinynet[test]'.
"""

from tinynet.errors import require

require("hypothesis", "test", "tinynet.testing")

from tinynet.testing.strategies import Draw, draws  # noqa: E402 (the check comes first)

__all__ = ["Draw", "draws"]
