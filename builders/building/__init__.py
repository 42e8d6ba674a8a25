"""A build: its plan, the store of finished parts, the engine, and the tables that come out."""
