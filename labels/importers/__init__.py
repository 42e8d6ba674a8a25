"""Results that other programs made, as predictions: one file for each format."""
