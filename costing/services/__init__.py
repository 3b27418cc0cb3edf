"""One small module per service family; `costing/estimate.py` says how to add a type."""
