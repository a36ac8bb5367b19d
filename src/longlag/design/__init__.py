"""Planning a suite and joining what its jobs made. Imports no torch."""
