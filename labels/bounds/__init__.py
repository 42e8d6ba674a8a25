"""The mathematics: state spaces, pools, oracle, bounds, frontier, utility, selection, parts, overlap, bootstrap.

Needs NumPy alone; McNemar's test takes SciPy.
"""
