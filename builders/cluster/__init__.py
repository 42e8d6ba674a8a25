"""A build on a Ray cluster: machines, placement, workers."""
