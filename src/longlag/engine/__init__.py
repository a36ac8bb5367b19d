"""Training: what to run, the one loop, and what stands around it."""
