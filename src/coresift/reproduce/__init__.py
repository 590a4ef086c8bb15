"""The tables and figures of the paper's evaluation, run again."""

from coresift.reproduce._page import write_page
from coresift.reproduce._registry import ALL, NAMES
from coresift.reproduce._run import Outcome, reproduce

__all__ = ["ALL", "NAMES", "Outcome", "reproduce", "write_page"]
