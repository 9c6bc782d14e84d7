"""`python -m tinynet`: the command line."""

import sys

from tinynet.cli import main

if __name__ == "__main__":
    sys.exit(main())
