"""How reports look on a terminal: one file for each kind."""
