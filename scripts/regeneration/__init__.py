"""Regenerating ``generated/specstep_client`` from an OpenAPI document: the steps behind ``scripts/regenerate.py``.

``pipeline`` has all steps in their order: ``pull`` → ``document`` (is it one?) → ``reader`` (what it says, as the
``shapes`` of a contract) → ``align`` (``pairs``, ``merge``, ``fit``, ``names``, ``emit``) → ``compare`` and ``report``
→ ``generator`` → ``flows_check`` → ``swap``. Nothing here is part of the distribution.
"""
