"""One small module per service family; `teei_finops/costing/estimate.py` says how to add a type."""
