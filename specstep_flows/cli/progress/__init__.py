"""Who is told of the events of a run: a live display, plain lines, NDJSON, or nobody."""
