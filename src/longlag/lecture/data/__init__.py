"""What claims read instead of measuring it: the records of claim 11, a quarter of an hour on one core."""

from pathlib import Path

INIT_AND_MOMENTUM = Path(__file__).with_name("init_and_momentum.csv")
