"""What SpecStep's workflows are: pure generators of effects. No I/O, no clock and no sleeping happens here."""
