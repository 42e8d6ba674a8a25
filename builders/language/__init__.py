"""Runs causal language models on multiple-choice items: what choices share runs once."""
