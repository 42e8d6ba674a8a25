"""Benchmarks and the sources of their items: on the Hub, on disk, embedded. Loads no neural-network library."""
