"""What can go wrong between a client and the service, as rules; kept apart from the world, which never knows of it."""

from .rules import Fault, Faults, load_faults

__all__ = ["Fault", "Faults", "load_faults"]
