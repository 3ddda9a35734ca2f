"""Measures what Parley promises about speed and size, in real processes and a real browser.

    python -m benchmarks                 # all, about five minutes
    python -m benchmarks start history   # some
    python -m benchmarks --write         # also into benchmarks/RESULTS.md

Each module holds one idea and a `measure()` that yields figures. Where time is involved a figure is
a ratio or a difference to a yardstick of the same run. The exit code is 1 when a bar is missed.
"""
