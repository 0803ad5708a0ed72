"""A fleet on one machine: a PostgreSQL, a sandbox and workers that can be killed, for the demo and the campaign."""
