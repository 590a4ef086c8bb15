"""``python -m coresift.cli``: the same as ``coresift``."""

import sys

from coresift.cli import main

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder: one that came with the data may hold a numpy.py
    main()
