"""The stores whose retention is verified, one module each."""
