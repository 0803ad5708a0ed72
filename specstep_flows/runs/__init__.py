"""Runs that can be resumed: their records, where those are kept, and how a run is opened."""
