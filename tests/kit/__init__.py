"""What the proofs are made of: turned clocks, a bench that drives whole runs, a search for secrets, a TCP proxy."""
