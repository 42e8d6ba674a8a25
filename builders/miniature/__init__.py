"""The two embedded datasets, the grammar behind one of them, and how the miniature backbones are trained."""
