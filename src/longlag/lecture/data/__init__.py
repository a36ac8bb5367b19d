"""What claims read instead of measuring it: the records of claim 11.

`python -m longlag.lecture.data` makes them, and runs what they lack (`tools/factorial.py`). Beside them stands what the
paper found.
"""

from collections.abc import Mapping
from pathlib import Path

INIT_AND_MOMENTUM = Path(__file__).with_name("init_and_momentum.csv")

# Sutskever, Martens, Dahl & Hinton 2013, table 5: ESN-style start and Nesterov momentum, mean of 4 seeds after 50,000
# updates. Share wrong (addition, multiplication) or wrong symbols per sequence (memorization), by the momentum.
TABLE_5: Mapping[str, Mapping[str, float]] = {
    "addition, T = 80": {"0": 0.39, "0.9": 0.02, "0.98": 0.21, "0.995": 0.00025},
    "multiplication, T = 80": {"0": 0.48, "0.9": 0.36, "0.98": 0.22, "0.995": 0.0013},
    "5-bit memorization, T = 200": {"0": 1.27, "0.9": 1.02, "0.98": 0.96, "0.995": 0.63},
    "20-bit memorization, T = 80": {"0": 5.37, "0.9": 2.77, "0.98": 0.0144, "0.995": 0.00005},
}
