"""Slow, obvious oracles: one for each kernel and each exact rule of the core.

Loops over plain numbers, nothing clever. Where a kernel rounds (float32, sums in the order of
features or subspaces), the oracle rounds in the same places, so that both can be compared with ==.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import lsq_linear

Array: TypeAlias = np.ndarray[Any, Any]
ALL = 2**64  # how many values a uint64 has


# Encoding


def bucket(row: Array, planes: Array, offsets: Array) -> int:
    """Sign bits as 64 binary digits, plane 0 first, zeros where there is no plane."""
    digits = ""
    for plane, offset in zip(planes.T, offsets, strict=True):
        total = -offset
        for value, weight in zip(row, plane, strict=True):
            total = total + value * weight
        digits += "1" if total > 0 else "0"
    return int(digits.ljust(64, "0"), 2)


def squared_distance(left: Array, right: Array) -> np.float32:
    total = np.float32(0)
    for a, b in zip(left, right, strict=True):
        total = total + (a - b) * (a - b)
    return total


def nearest(row: Array, centers: Iterable[Array]) -> int:
    """The first center at the smallest distance."""
    distances = [squared_distance(row, center) for center in centers]
    return distances.index(min(distances))


def code(row: Array, features: Sequence[Array], codewords: Sequence[Array]) -> list[int]:
    """The nearest codeword in each subspace; codewords are columns."""
    return [nearest(row[f], words.T) for f, words in zip(features, codewords, strict=True)]


def prefix(bucket: int, n_bits: int) -> int:
    """The first binary digits, zeros for the rest."""
    return int(f"{bucket:064b}"[:n_bits].ljust(64, "0"), 2)


def way(place: int, n_places: int) -> int:
    """The halves that lead to a place, as 64 binary digits: 1 is the right one."""
    digits, places = "", list(range(n_places))
    while len(places) > 1:
        middle = (len(places) + 1) // 2
        digits += "1" if place in places[middle:] else "0"
        places = places[middle:] if place in places[middle:] else places[:middle]
    return int(digits.ljust(64, "0"), 2)


def height(row: Array, mean: Array, half: Array, top: float) -> float:
    """The log of the weight times the density of a component, up to a constant."""
    for value, middle, factor in zip(row, mean, half, strict=True):
        apart = float(value) - float(middle)
        top = float(top) - apart * apart * float(factor)
    return top


def likeliest(
    row: Array, means: Iterable[Array], halves: Iterable[Array], heights: Iterable[float]
) -> int:
    """The first component of greatest height; the first of all where none has any."""
    tops = [height(row, *parts) for parts in zip(means, halves, heights, strict=True)]
    return tops.index(max(tops))


def bits_within(buckets: Iterable[int], n_bits: int, limit: int) -> int:
    """The most bits that leave at most ``limit`` different buckets."""
    buckets = list(buckets)
    while len({prefix(b, n_bits) for b in buckets}) > limit:
        n_bits -= 1
    return n_bits


# Sums


def exact_sum(values: Iterable[float], power: int = 1) -> Fraction:
    return sum((Fraction(float(value)) ** power for value in values), Fraction(0))


# Hashes, samples and summaries


def weighted_sum(values: Sequence[float], power: int, factors: Sequence[int]) -> Fraction:
    total = Fraction(0)
    for value, factor in zip(values, factors, strict=True):
        total += factor * Fraction(float(value)) ** power
    return total


def mix(value: int) -> int:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014)."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % ALL
    value = (value ^ value >> 27) * 0x94D049BB133111EB % ALL
    return value ^ value >> 31


def row_hash(row_id: int, seed: int) -> int:
    golden = 0x9E3779B97F4A7C15
    return mix((row_id * golden + mix((seed + golden) % ALL)) % ALL)


def smallest(row_ids: Iterable[int], size: int, seed: int) -> list[int]:
    """The ids of smallest (hash, id), in that order."""
    return sorted(map(int, row_ids), key=lambda i: (row_hash(i, seed), i))[:size]


def bottom_k(
    groups: Iterable[int],
    keys: Iterable[tuple[Any, ...]],
    row_ids: Iterable[int],
    limits: Sequence[int],
) -> list[int]:
    """Places of the rows of smallest (key, id) of each group, group by group, in that order."""
    rows, found = list(zip(groups, keys, row_ids, strict=True)), []
    for group, limit in enumerate(limits):
        members = [place for place, row in enumerate(rows) if row[0] == group]
        found += sorted(members, key=lambda place: rows[place][1:])[:limit]
    return found


def summary(
    class_ids: Sequence[int],
    buckets: Sequence[int],
    codes: Array,
    row_ids: Sequence[int],
    n_bits: int,
    max_clusters: Sequence[int],
    max_candidates: Sequence[int],
    seed: int,
) -> dict[str, Any]:
    """What a Summary must hold, as dicts and lists; see `unpacked`."""
    bits, pool = [], []
    sizes: Counter[tuple[int, int]] = Counter()
    code_counts: Counter[tuple[int, int, int, int]] = Counter()
    for c, (clusters, candidates) in enumerate(zip(max_clusters, max_candidates, strict=True)):
        members = [i for i, class_id in enumerate(class_ids) if class_id == c]
        bits.append(bits_within([int(buckets[i]) for i in members], n_bits, clusters))
        for i in members:
            cluster = prefix(int(buckets[i]), bits[c])
            sizes[c, cluster] += 1
            for subspace, b in enumerate(codes[i].tolist()):
                code_counts[c, cluster, subspace, b] += 1
        code_of = {int(row_ids[i]): codes[i].tolist() for i in members}
        pool += [(c, i, code_of[i]) for i in smallest(code_of, candidates, seed)]
    return {"bits": bits, "sizes": sizes, "code_counts": code_counts, "pool": pool}


def split_budget(budget: int, sizes: Sequence[int]) -> list[int]:
    """Largest remainder: whole parts, at least one; then one by one where it is fairest."""
    ideal = [Fraction(budget * size, sum(sizes)) for size in sizes]
    quotas = [max(1, int(share)) for share in ideal]
    everyone = range(len(sizes))
    while sum(quotas) < budget:
        open_to = [c for c in everyone if quotas[c] < sizes[c]]
        quotas[max(open_to, key=lambda c: (ideal[c] - quotas[c], -c))] += 1
    while sum(quotas) > budget:
        open_to = [c for c in everyone if quotas[c] > 1]
        quotas[min(open_to, key=lambda c: (ideal[c] - quotas[c], c))] -= 1
    return quotas


def proportional(quota: int, sizes: Sequence[int], ties: Sequence[int]) -> list[int]:
    """Largest remainder, at least one where that is possible; ties to the smallest tie-breaker."""
    if len(sizes) <= quota:
        return split_budget(quota, sizes)
    ideal = [Fraction(quota * size, sum(sizes)) for size in sizes]
    quotas = [int(share) for share in ideal]
    for _ in range(quota - sum(quotas)):
        rest = [(ideal[t] - quotas[t], -ties[t]) for t in range(len(sizes))]
        quotas[rest.index(max(rest))] += 1
    return quotas


# Bounds, gains and the greedy


def code_distance(left: Array, right: Array, distances: Array, squared: bool) -> np.float32:
    """Distance between two codes, from the (squared) distances between codewords."""
    total = np.float32(0)
    for subspace, (a, b) in enumerate(zip(left, right, strict=True)):
        total = total + distances[subspace, a, b]
    return np.sqrt(total) if squared else total


def bound(kind: str, own: Array, members: Array, distances: Array) -> np.float32:
    """u_it of a code and a cluster, from the codes of the members of the cluster."""
    total = np.float32(0)
    for subspace, (a, codes) in enumerate(zip(own, members.T, strict=True)):
        if kind == "rms":
            term = np.float32(0)
            for b, times in sorted(Counter(codes.tolist()).items()):
                term = term + np.float32(times / len(codes)) * distances[subspace, a, b]
        else:
            term = max(distances[subspace, a, b] for b in codes)
        total = total + term
    return total if kind == "sum" else np.sqrt(total)


def worst(kind: str, distances: Array) -> np.float32:
    """The bound of a cluster that nothing covers."""
    total = np.float32(0)
    for table in distances:
        total = total + max(table.ravel())
    return total if kind == "sum" else np.sqrt(total)


def gain(bounds: Iterable[float], cover: Iterable[float], sizes: Iterable[int]) -> float:
    """By how much the score falls: ``sum_t |C_t| max(0, cover_t - u_t)``.

    Exact where bounds are whole numbers, else rounded like float64.
    """
    terms = zip(bounds, cover, sizes, strict=True)
    return sum(size * max(0.0, float(covered) - float(u)) for u, covered, size in terms)


def greedy(
    bounds: Sequence[Sequence[float]],
    sizes: Sequence[int],
    uncovered: float,
    rounds: Iterable[tuple[Sequence[int], int]],
) -> tuple[list[int], list[float]]:
    """Picks and their gains, as long as there is a gain; ties to the lowest index.

    A round is the candidates that may be picked in it, and how many picks there are at its end.
    """
    cover = [float(uncovered)] * len(sizes)
    picks: list[int] = []
    won: list[float] = []
    for candidates, target in rounds:
        while len(picks) < target:
            gains = {c: gain(bounds[c], cover, sizes) for c in sorted(candidates)}
            best = max(gains, key=lambda c: gains[c])
            if gains[best] == 0:
                break
            picks.append(best)
            won.append(gains[best])
            cover = [min(c, float(u)) for c, u in zip(cover, bounds[best], strict=True)]
    return picks, won


# Hulls


def hull_bound(row: Array, members: Array) -> float:
    """Sum over runs of two features of the largest distance to a member: all are looked at."""
    total = 0.0
    for start in range(0, len(row), 2):
        part = slice(start, start + 2)
        apart = members[:, part].astype(float) - row[part].astype(float)
        total += float(np.sqrt((apart**2).sum(axis=1)).max())
    return total


# Facility location


def whole_distance(
    left: Array, right: Array, flags: Sequence[int], features: Sequence[int], scale: float
) -> int:
    """A root, cut to a whole number, of what differing flags add, then the features in order.

    All flags have two values, equally far apart in the rows at hand.
    """
    squared = np.float32(0)
    apart = [abs(left[j] - right[j]) for j in flags if left[j] != right[j]]
    if apart:
        squared = np.float32(len(apart)) * (max(apart) * max(apart))
    for j in features:
        difference = left[j] - right[j]
        squared = squared + difference * difference
    return int(np.sqrt(squared) * np.float32(scale))


def facility_gain(distances: Iterable[int], cover: Iterable[int]) -> int:
    return sum(max(0, c - d) for d, c in zip(distances, cover, strict=True))


def facility_greedy(
    distances: Sequence[Sequence[int]], worst: int, budget: int, spare: Iterable[int]
) -> list[int]:
    """The row that lowers the sum of the cover most, the first of equals; then spare rows."""
    cover, picks = [worst] * len(distances), []
    while len(picks) < budget:
        gains = [facility_gain(row, cover) for row in distances]
        if max(gains) == 0:
            break
        picks.append(gains.index(max(gains)))
        cover = [min(c, d) for c, d in zip(cover, distances[picks[-1]], strict=True)]
    return [*picks, *(j for j in spare if j not in picks)][:budget]


def projected(row: Array, slots: Array, factors: Array, n_slots: int) -> list[np.float32]:
    """Each feature times its factors, added up where its slots are, feature by feature."""
    total = [0.0] * n_slots
    for value, places, signs in zip(row.tolist(), slots.tolist(), factors.tolist(), strict=True):
        for place, sign in zip(places, signs, strict=True):
            total[place] += value * sign
    return [np.float32(value) for value in total]


def exchanged(
    distances: Sequence[Sequence[int]],
    demand: Sequence[int],
    picks: list[int],
    n_sweeps: int,
    candidates: Sequence[int] | None = None,
) -> list[int]:
    """Each candidate takes the place of the pick for which that is best, if it is any good."""
    turns = [*range(len(distances))] if candidates is None else [*candidates]

    def cost(chosen: Sequence[int]) -> int:
        return sum(min(distances[i][j] for j in chosen) for i in demand)

    unchanged = 0
    for row in turns * n_sweeps:
        if unchanged >= len(turns):
            break
        unchanged += 1
        if min(distances[row][j] for j in picks) == 0:
            continue
        others = [[*picks[:place], row, *picks[place + 1 :]] for place in range(len(picks))]
        best = min(others, key=cost)
        if cost(best) < cost(picks):
            picks, unchanged = best, 0
    return picks


def small_picks(
    rows: Array, hashes: Sequence[int], quota: int, weights: Sequence[int], n_sweeps: int = 0
) -> tuple[list[int], float]:
    """Facility location on distances cut to whole numbers, features in order; spare rows by hash.

    Also the summed distances to the nearest pick, each but zero rounded up by one.
    """
    spread = [float(column.max()) - float(column.min()) for column in rows.T]
    diagonal = math.sqrt(sum(s * s for s in spread)) * (1 + (len(spread) + 8) * 2.0**-23)
    scale = 2.0 ** min(30 - math.frexp(diagonal)[1], 60)
    distances = [[whole_distance(a, b, [], range(len(a)), scale) for b in rows] for a in rows]
    spare = sorted(range(len(rows)), key=lambda i: hashes[i])
    demand = [i for i, times in enumerate(weights) for _ in range(times)]
    cover, picks = [int(diagonal * scale)] * len(demand), []
    while len(picks) < quota:
        gains = [facility_gain([own[i] for i in demand], cover) for own in distances]
        if max(gains) == 0:
            break
        picks.append(gains.index(max(gains)))
        cover = [min(c, distances[picks[-1]][i]) for c, i in zip(cover, demand, strict=True)]
    picks = [*picks, *(j for j in spare if j not in picks)][:quota]
    picks = exchanged(distances, demand, picks, n_sweeps)
    nearest = [min(distances[i][j] for j in picks) for i in demand]
    return picks, sum(d + 1 for d in nearest if d > 0) / scale


def spread(
    rows: Array,
    shares: Array,
    scale: float,
    worst: int,
    features: Sequence[int],
    flags: Sequence[int],
) -> list[int]:
    """Of rows drawn in proportion to their cover, the first that lowers its sum most."""
    distances = [[whole_distance(a, b, flags, features, scale) for b in rows] for a in rows]
    cover, picks = [worst] * len(rows), []
    for draws in shares:
        if sum(cover) == 0:
            break
        drawn = []
        for share in draws:
            target = int(share * sum(cover))
            drawn.append(next(i for i in range(len(rows)) if target < sum(cover[: i + 1])))
        gains = [facility_gain(distances[i], cover) for i in drawn]
        picks.append(drawn[gains.index(max(gains))])
        cover = [min(c, d) for c, d in zip(cover, distances[picks[-1]], strict=True)]
    return picks


def cell_totals(
    rows: Array, cells: Array, steps: Sequence[int], low: Array, factor: float, n_cells: int
) -> list[list[int]]:
    totals = [[0] * rows.shape[1] for _ in range(n_cells)]
    for row, cell, times in zip(rows.tolist(), cells.tolist(), steps, strict=True):
        for j, value in enumerate(row):
            totals[cell][j] += times * int(np.rint((value - float(low[j])) * factor))
    return totals


def smallest_of_cells(values: Array, cells: Array, n_cells: int, number: int) -> list[list[float]]:
    own = [sorted(values[cells == cell].tolist())[:number] for cell in range(n_cells)]
    return [kept + [math.inf] * (number - len(kept)) for kept in own]


def scaled(rows: Array, offset: Array, factor: Array) -> Array:
    return ((rows.astype(np.float64) - offset) * factor).astype(np.float32)


class Urn:
    """The rows not yet chosen, in a list."""

    def __init__(self, counts: Iterable[int]) -> None:
        self.rows = [c for c, count in enumerate(counts) for _ in range(count)]

    def take(self, candidate: int) -> None:
        self.rows.remove(candidate)

    def draw(self, rng: np.random.Generator, n_rows: int) -> list[int]:
        if n_rows >= len(self.rows):
            return self.rows
        ranks = rng.choice(len(self.rows), size=n_rows, replace=False, shuffle=False)
        return [self.rows[rank] for rank in ranks]


# Weights


def cluster_weights(
    bounds: Sequence[Sequence[float]], sizes: Sequence[int], picks: list[int], homes: list[int]
) -> list[Fraction]:
    """One for itself, and a share of the other rows of the clusters that its code wins.

    ``homes`` is the cluster in which each picked row lies.
    """
    mass: Counter[int] = Counter()
    for t, size in enumerate(sizes):
        winner = min(sorted(set(picks)), key=lambda c: bounds[c][t])  # the first of equals
        mass[winner] += int(size) - homes.count(t)
    return [1 + Fraction(mass[pick], picks.count(pick)) for pick in picks]


def assigned(
    rows: Array, class_ids: Sequence[int], row_ids: Sequence[int], chosen: Sequence[int]
) -> tuple[list[int], list[np.float32]]:
    """The chosen row of each row, and how far it is.

    Nearest of its class, ties to the lowest row id, but a chosen row stands for itself.
    ``chosen`` holds positions, in ascending order of their row ids.
    """
    owners, distances = [], []
    for i, row in enumerate(rows):
        same = [j for j in chosen if class_ids[j] == class_ids[i]]
        owner = i if i in same else same[nearest(row, rows[same])]
        owners.append(int(row_ids[owner]))
        distances.append(np.sqrt(squared_distance(row, rows[owner])))
    return owners, distances


def shared(rows: Array, class_ids: Sequence[int], counts: Sequence[int]) -> list[Fraction]:
    """Counts of equal rows of a class, shared alike."""
    keys = [(int(c), *row.tolist()) for c, row in zip(class_ids, rows, strict=True)]
    mass: Counter[tuple[float, ...]] = Counter()
    for key, count in zip(keys, counts, strict=True):
        mass[key] += int(count)
    return [Fraction(mass[key], keys.count(key)) for key in keys]


# Equality


def identical(left: Any, right: Any) -> bool:
    """Whether two results hold the same values in the same places; no tolerance."""
    if dataclasses.is_dataclass(left):
        names = [field.name for field in dataclasses.fields(left)]
        return all(identical(getattr(left, name), getattr(right, name)) for name in names)
    if isinstance(left, np.ndarray):
        return left.shape == right.shape and bool((left == right).all())
    if isinstance(left, tuple | list):
        return len(left) == len(right) and all(map(identical, left, right))
    return bool(left == right)


# Gradients of linear models


def linear_outputs(row: Array, coef: Array) -> list[float]:
    """The intercept, then the features in their order."""
    totals = [float(value) for value in coef[-1]]
    for value, factors in zip(row, coef[:-1], strict=True):
        for c, factor in enumerate(factors):
            totals[c] = totals[c] + float(value) * float(factor)
    return totals


def softmax_errors(outputs: Sequence[float], class_id: int) -> list[float]:
    raised = [math.exp(output - max(outputs)) for output in outputs]
    total = 0.0
    for value in raised:
        total = total + value
    return [value / total - (c == class_id) for c, value in enumerate(raised)]


def logit_error(output: float, class_id: int) -> float:
    raised = math.exp(-abs(output))
    return (1 / (1 + raised) if output >= 0 else raised / (1 + raised)) - class_id


def outer_sum(left: Array, rows: Array, factors: Array) -> list[list[int]]:
    """Sums of the products of each column of the left with each of the rows, and its own sum."""
    whole = [[round(float(v) * float(f)) for v, f in zip(r, factors, strict=True)] for r in rows]
    return [
        [sum(int(a) * b[j] for a, b in zip(own, whole, strict=True)) for j in range(len(factors))]
        + [sum(map(int, own))]
        for own in left.T
    ]


# Balance


def gradient(error: Array, row: Array) -> Array:
    return np.outer(error, row).astype(np.float64)


def score(residual: Array, error: Array, row: Array, square: float, share: float) -> float:
    """Twice the inner product, values in their order in float32, plus the share of the square."""
    total = share * square
    for own, line in zip(error, residual.astype(np.float32), strict=True):
        inner = np.float32(0)
        for value, other in zip(row, line, strict=True):
            inner = inner + other * value
        total = total + 2.0 * float(own * inner)
    return total


def balance_sweeps(
    cells: Sequence[Sequence[int]],
    errors: Array,
    rows: Array,
    squares: Array,
    shares: Sequence[float],
    orders: Iterable[Iterable[int]],
    target: Array,
    chosen: Sequence[int],
) -> list[int]:
    """Exchange one member after the other for the best of its cell, the first of equals."""
    chosen = list(chosen)
    residual = -target.astype(np.float64)
    for share, i in zip(shares, chosen, strict=True):
        residual = residual + share * gradient(errors[i], rows[i])
    for order in orders:
        before = list(chosen)
        for j in order:
            if len(cells[j]) < 2:
                continue
            share, own = shares[j], chosen[j]
            residual = residual - np.outer(share * errors[own].astype(float), rows[own])
            scores = [
                score(residual, errors[i], rows[i], float(squares[i]), share) for i in cells[j]
            ]
            chosen[j] = best = cells[j][scores.index(min(scores))]
            residual = residual + np.outer(share * errors[best].astype(float), rows[best])
        if chosen == before:
            break
    return chosen


def calibrated(
    gradients: Array, base: Array, target: Array, tau: float, floor: float, cap: float
) -> Array:
    """Ridge least squares with bounds, as one tall problem for scipy."""
    shares = base / base.sum()
    root = np.sqrt(tau / shares)
    matrix = np.vstack([gradients.T, np.diag(root)])
    wanted = np.concatenate([target, root * shares])
    found = lsq_linear(matrix, wanted, (floor * shares, cap * shares), tol=1e-14, max_iter=500)
    return np.asarray(found.x * base.sum())


def entries(clusters: Sequence[int], codes: Array, steps: Sequence[int]) -> dict[int, int]:
    """How often each cluster holds each code, by entry as `Summary` numbers them."""
    found: dict[int, int] = {}
    for cluster, code, times in zip(clusters, codes.tolist(), steps, strict=True):
        for subspace, word in enumerate(code):
            key = (cluster * len(code) + subspace) * 256 + word
            found[key] = found.get(key, 0) + times
    return dict(sorted(found.items()))
