"""How a step is carried out: effects, the two drivers, retry rules, limits and time. Nothing here knows SpecStep."""
