"""``python -m coresift.cli``: the same as ``coresift``."""

from coresift.cli import main

if __name__ == "__main__":
    main()
