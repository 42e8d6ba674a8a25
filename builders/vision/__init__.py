"""Runs image classifiers: one decoding of an image serves every state."""
