"""Strata of a numeric target: rows between two of its quantiles."""

from __future__ import annotations

import numpy as np

from coresift._typing import Float64, Indices
from coresift.core.parameters import check_range


def quantile_edges(values: Float64, n_strata: int) -> Float64:
    """Return the values at which strata begin, the first stratum's left out.

    Parameters
    ----------
    values : ndarray of shape (n_rows,), float64
        Finite. Edges are among them, so that equal values share a stratum.
    n_strata : int
        At most so many strata; fewer where values repeat. None is empty.

    Returns
    -------
    ndarray of shape (n_edges,), float64
        Ascending and distinct.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.quantiles import quantile_edges
    >>> quantile_edges(np.array([3.0, 1.0, 2.0, 4.0]), 2).tolist()
    [3.0]
    """
    check_range("n_strata", n_strata)
    ordered = np.sort(values)
    if len(ordered) == 0:
        return np.zeros(0)
    places = len(ordered) * np.arange(1, n_strata) // n_strata
    edges = np.unique(ordered[places])
    return np.asarray(edges[edges > ordered[0]])


def strata_of(values: Float64, edges: Float64) -> Indices:
    """Return the stratum of each value, shape (n_rows,), int64.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.quantiles import strata_of
    >>> strata_of(np.array([0.0, 3.0, 9.0]), np.array([3.0, 5.0])).tolist()
    [0, 1, 2]
    """
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def quantile_strata(values: Float64, n_strata: int) -> Indices:
    """Return the stratum of each value by the quantiles of them all.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.quantiles import quantile_strata
    >>> quantile_strata(np.array([3.0, 1.0, 2.0, 4.0, 1.0, 1.0]), 3).tolist()
    [1, 0, 0, 1, 0, 0]
    """
    return strata_of(values, quantile_edges(values, n_strata))
