"""Regenerating ``generated/specstep_client`` from an OpenAPI document: the steps behind ``scripts/regenerate.py``.

The pipeline reads pull → read → align → compare → generate → inspect → hold the flows against it → swap, and each
step is a module that can be used by itself. Nothing here is part of the distribution.
"""
