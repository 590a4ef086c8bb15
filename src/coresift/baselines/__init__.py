"""The methods that the paper compares FastCore with, as pure functions of a source and a plan."""

from coresift.baselines.stratified import StratifiedPlan, stratified
from coresift.baselines.uniform import UniformPlan, uniform

__all__ = ["StratifiedPlan", "UniformPlan", "stratified", "uniform"]
