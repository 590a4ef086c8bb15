"""Weightings: what the chosen rows stand for; one file each."""

from coresift.weightings._base import Weighting, weighting_names, weighting_type

__all__ = ["Weighting", "weighting_names", "weighting_type"]
