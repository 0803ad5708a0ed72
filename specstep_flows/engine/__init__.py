"""Carries out what flows await: effects, interpreter, drivers, retry rules, rate limits, clock. It knows no workflow."""
