"""How a run's events are shown: a live display, plain lines, NDJSON, or not at all."""
