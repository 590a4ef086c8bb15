"""The methods that the paper compares FastCore with, as pure functions of a source and a plan."""

from coresift.baselines.deepfool import DeepFoolPlan, deepfool
from coresift.baselines.glister import GlisterPlan, glister
from coresift.baselines.stratified import StratifiedPlan, stratified
from coresift.baselines.uniform import UniformPlan, uniform

__all__ = [
    "DeepFoolPlan",
    "GlisterPlan",
    "StratifiedPlan",
    "UniformPlan",
    "deepfool",
    "glister",
    "stratified",
    "uniform",
]
