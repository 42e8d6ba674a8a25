"""What labels say about adaptation, gathered; and whether a dataset folder holds what it claims."""
