"""Recurrent cells: each is defined by `step`; the important ones also have hand-written kernels."""
