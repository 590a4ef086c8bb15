"""The methods that the paper compares FastCore with, as pure functions of a source and a plan."""

from coresift.baselines.craig import CraigPlan, craig
from coresift.baselines.craig_pq import CraigPQPlan, craig_pq
from coresift.baselines.deepfool import DeepFoolPlan, deepfool
from coresift.baselines.glister import GlisterPlan, glister
from coresift.baselines.hull import HullPlan, fastcore_hull
from coresift.baselines.kmeans_snap import KMeansSnapPlan, kmeans_snap
from coresift.baselines.stratified import StratifiedPlan, stratified
from coresift.baselines.uniform import UniformPlan, uniform

__all__ = [
    "CraigPQPlan",
    "CraigPlan",
    "DeepFoolPlan",
    "GlisterPlan",
    "HullPlan",
    "KMeansSnapPlan",
    "StratifiedPlan",
    "UniformPlan",
    "craig",
    "craig_pq",
    "deepfool",
    "fastcore_hull",
    "glister",
    "kmeans_snap",
    "stratified",
    "uniform",
]
