"""Methods: frozen plans that choose rows; one file each."""

from coresift.methods._plan import Plan
from coresift.methods.craig import CraigPlan
from coresift.methods.craig_pq import CraigPQPlan
from coresift.methods.deepfool import DeepFoolPlan
from coresift.methods.fastcore import FastCorePlan
from coresift.methods.fastcore_hull import FastCoreHullPlan
from coresift.methods.glister import GlisterPlan
from coresift.methods.stratified import StratifiedPlan
from coresift.methods.uniform import UniformPlan

__all__ = [
    "CraigPQPlan",
    "CraigPlan",
    "DeepFoolPlan",
    "FastCoreHullPlan",
    "FastCorePlan",
    "GlisterPlan",
    "Plan",
    "StratifiedPlan",
    "UniformPlan",
]
