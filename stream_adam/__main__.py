"""`python -m stream_adam`: the command line."""

import sys

from stream_adam.cli import main

if __name__ == "__main__":
    sys.exit(main())
