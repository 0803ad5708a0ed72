"""Carries out what flows await: effects, interpreter, drivers, retry rules, limits, clock. It knows no workflow."""
