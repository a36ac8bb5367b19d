"""Training: specs, data, the loop, evaluation, checkpoints, ladders, tuning and verification."""
