"""Releases of a dataset folder on the Hub: versions, differences, checks, and the upload."""
