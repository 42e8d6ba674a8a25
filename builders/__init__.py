"""Builders: run every backbone of a state space over a benchmark and label the outcome.

    items → runners → parts in the store → tables

Importing this folder loads no neural-network library; its modules do.
"""
