"""State spaces as tables, where their weights are, what they cost, and their models by name."""
