"""Agents that know no right answer, measured by the labels."""
