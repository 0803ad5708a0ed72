"""Helpers of the tests: manual clocks, a bench that drives whole runs, a search for secrets, a TCP proxy, servers."""
