"""The fault campaign (`make chaos`): kills, damaged files and mutated designs, and their effect on the results.

    kills.py        kill -9 of random processes of a small suite's run; its files must be those of a quiet run
    files.py        truncated, flipped and otherwise damaged files of every kind that longlag reads
    designs.py      suites made of the schema's own examples by random changes
    links.py        links, pipes and folders in the place of outputs, temporary files and locks
    texts.py        rows and errors with texts of every kind
    tables.py       tables edited by hand, without checksums
    checkpoints.py  checkpoints with a right checksum and another content
    calls.py        system calls that fail while a run trains

Each is a function of a folder, how much to try, a seed and a deadline, and returns a `Tally`. `python -m chaos`
prints them. `cached.py` makes the rung and the checkpoint that several of them damage.
"""
