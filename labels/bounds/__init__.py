"""The mathematics: state spaces, oracle, bounds, frontier, selection, bootstrap. Needs NumPy alone."""
