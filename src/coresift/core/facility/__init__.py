"""Facility location on exact distances between the rows of one class."""

from coresift.core.facility.exchange import exchange_rows
from coresift.core.facility.greedy import ROW_GREEDY, facility_greedy
from coresift.core.facility.small import SmallPicks, small_picks
from coresift.core.facility.spread import spread_rows
from coresift.core.facility.stores import Dense, Neighbours, Recomputed

__all__ = [
    "ROW_GREEDY",
    "Dense",
    "Neighbours",
    "Recomputed",
    "SmallPicks",
    "exchange_rows",
    "facility_greedy",
    "small_picks",
    "spread_rows",
]
