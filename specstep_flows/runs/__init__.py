"""Runs that can be resumed: their records, the store, and how a run is opened."""
