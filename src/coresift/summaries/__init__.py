"""Summaries that are kept: made of some files, merged, and selected from for any budget."""

from coresift.summaries._drift import Drift
from coresift.summaries._format import load
from coresift.summaries._recipe import Recipe
from coresift.summaries._stored import Span, StoredSummary
from coresift.summaries._summarise import summarise

__all__ = ["Drift", "Recipe", "Span", "StoredSummary", "load", "summarise"]
