"""The verbs, one module per family."""
