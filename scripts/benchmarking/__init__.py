"""What ``scripts/benchmark.py`` is made of: a server that costs next to nothing, and what is measured against it."""
