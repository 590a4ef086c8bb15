"""The tables and figures of the paper's evaluation, run again."""

from coresift.reproduce._cut import write_into
from coresift.reproduce._page import write_page
from coresift.reproduce._registry import ALL, NAMES
from coresift.reproduce._run import Outcome, reproduce
from coresift.reproduce._write import not_run

__all__ = ["ALL", "NAMES", "Outcome", "not_run", "reproduce", "write_into", "write_page"]
