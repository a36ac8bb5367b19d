"""What claims read instead of measuring it: the records of claim 11, one to two hours on one core (`tools/factorial.py`)."""

from pathlib import Path

INIT_AND_MOMENTUM = Path(__file__).with_name("init_and_momentum.csv")
