"""Every figure of an agent written again: plain loops over samples, from the definitions in docs/agents.md alone."""

from __future__ import annotations

import math
from itertools import pairwise


def rows_of(costs, n):
    """Costs of each sample's states."""
    return [list(costs) if not hasattr(costs[0], "__len__") else list(costs[x]) for x in range(n)]


def oracle(correct, costs):
    """State and cost of the oracle on each sample."""
    found = []
    for row, paid in zip(correct, costs, strict=True):
        options = [i for i in range(len(paid)) if row[i]] or range(len(paid))
        state = min(options, key=lambda i: (paid[i], i))
        found.append((state, paid[state]))
    return found


def prices(correct, costs):
    """The least cost of being wrong everywhere, and the prices of right answers, cheapest first."""
    base = math.fsum(min(paid) for paid in costs)
    ahead = oracle(correct, costs)
    return base, sorted(ahead[x][1] - min(costs[x]) for x in range(len(correct)) if any(correct[x]))


def least_cost(correct, costs, n_right):
    """The frontier: the least mean cost of so many right answers, or of all that there are."""
    base, each = prices(correct, costs)
    return (base + math.fsum(each[:n_right])) / len(correct)


def most_accuracy(correct, costs, cost):
    """The frontier the other way round: what a mean cost buys, the last answer in part."""
    base, each = prices(correct, costs)
    left, bought = cost * len(correct) - base, 0.0
    if left < -1e-9 * base:
        return math.nan
    for price in each:
        if price <= left + 1e-12 * base:
            bought, left = bought + 1, left - price
        else:
            return (bought + max(left, 0.0) / price) / len(correct)
    return bought / len(correct)


def mixture(R, A, cost):
    """The most accurate mixture of at most two single states that costs no more."""
    best = math.nan
    for i in range(len(R)):
        if R[i] <= cost * (1 + 1e-12):
            best = max(A[i], best) if not math.isnan(best) else A[i]
        for j in range(len(R)):
            if R[i] < cost < R[j]:
                t = (cost - R[i]) / (R[j] - R[i])
                value = A[i] + t * (A[j] - A[i])
                best = value if math.isnan(best) else max(best, value)
    return best


def mcnemar(first, second):
    b = sum(1 for x, y in zip(first, second, strict=True) if x and not y)
    c = sum(1 for x, y in zip(first, second, strict=True) if y and not x)
    tail = sum(math.comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)
    return min(1.0, 2 * tail)


def figures(correct, costs, states, right, paid):
    """All figures of one agent; `states` is None for an agent that is not made of the states."""
    n, k = len(correct), len(correct[0])
    costs = rows_of(costs, n)
    R = [math.fsum(row[i] for row in costs) / n for i in range(k)]
    A = [sum(bool(row[i]) for row in correct) / n for i in range(k)]
    ahead = oracle(correct, costs)
    accuracy, cost = sum(map(bool, right)) / n, math.fsum(paid) / n
    lost, wasted, agreed = 0, [], 0
    for x in range(n):
        lost += any(correct[x]) and not right[x]
        if any(correct[x]) and right[x]:
            wasted.append(max(paid[x] - ahead[x][1], 0.0))
        if states is not None:
            agreed += states[x] == ahead[x][0]
    least = least_cost(correct, costs, sum(map(bool, right)))
    saving = R[-1] - least
    affordable = [i for i in range(k) if R[i] <= cost * (1 + 1e-12)]
    best = max(affordable, key=lambda i: (A[i], -i)) if affordable else None
    return {
        "accuracy": accuracy,
        "mean_cost": cost,
        "gain": R[-1] / cost,
        "accuracy_difference": accuracy - A[-1],
        "p_value": mcnemar(right, [row[-1] for row in correct]),
        "share_of_saving": (R[-1] - cost) / saving if saving > 1e-12 * R[-1] else math.nan,
        "agreement": math.nan if states is None else agreed / n,
        "answers_lost": lost / n,
        "cost_wasted": math.fsum(wasted) / n,
        "best_single_accuracy": math.nan if best is None else A[best],
        "mixture_accuracy": mixture(R, A, cost),
        "frontier_accuracy": most_accuracy(correct, costs, cost),
        "frontier_cost": least,
    }


def spending(correct, costs, states):
    """For each state: samples it answers, exactly, over, under, without any right state, and what it wastes."""
    n, k = len(correct), len(correct[0])
    costs = rows_of(costs, n)
    ahead = oracle(correct, costs)
    found = [[0, 0, 0, 0, 0, 0.0] for _ in range(k)]
    for x in range(n):
        row, own = found[states[x]], costs[x][states[x]]
        row[0] += 1
        if not any(correct[x]):
            row[4] += 1
        elif own > ahead[x][1]:
            row[2] += 1
        elif correct[x][states[x]]:
            row[1] += 1
        else:
            row[3] += 1
        if correct[x][states[x]]:
            row[5] += own - ahead[x][1]
    return [[value / n for value in row] for row in found]


def at(points, x):
    """Height of a piecewise-linear curve of strictly ascending points, flat beyond its ends."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


def area(points, low, high):
    """Area under such a curve."""
    marks = sorted({low, high, *(x for x, _ in points if low < x < high)})
    return math.fsum((b - a) * (at(points, a) + at(points, b)) / 2 for a, b in pairwise(marks))
