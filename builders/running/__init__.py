"""What every runner shares: its contract, its scores, batches that fit, precision, devices and what they take."""
