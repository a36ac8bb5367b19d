"""Demonstrations beside the benchmark: measurements that are no runs of a suite, and data that no task can be.

    python -m longlag.demos.marks           why adding with a mark in each half does not measure reach
    python -m longlag.demos.digits          handwritten digits read pixel by pixel, beside a linear classifier

They enter no reach, no ladder and no ranking. Importing the package sets the environment of a job (one thread), as the
command does, and must come before torch.
"""

from longlag.environment import set_environment

set_environment()
