"""The benchmarks in one command: small on generated rows, full on the real data.

python benchmarks/run.py [--size small|full]
"""

from __future__ import annotations

import argparse

from covtype import print_comparison


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("small", "full"), default="small")
    if parser.parse_args().size == "small":
        print_comparison("generated", 0.02, None, 3)
    else:
        print_comparison("covtype", 0.01, None, 5)


if __name__ == "__main__":
    main()
