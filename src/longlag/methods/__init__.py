"""Remedies: one file per method, each a value named METHOD."""
