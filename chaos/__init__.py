"""The fault campaign (`make chaos`): kills, damaged files and mutated designs, and their effect on the results.

    kills.py    kill -9 of random processes of a small suite's run; at the end its files must be those of a quiet run
    files.py    truncated, flipped and otherwise damaged files of every kind that longlag reads
    designs.py  suites made of the schema's own examples by random changes

Each is a function of how much to try, a seed and a deadline, and returns a `Tally`; `python -m chaos` prints them.
"""
