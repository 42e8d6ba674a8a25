"""Cards: what a person sees of a dataset folder, its `README.md` and plots."""
