"""The command line; the only folder that sees all others."""
