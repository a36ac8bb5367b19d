"""Recurrent cells: one definition each (`step`), and beside it the kernels that matter, written by hand."""
