"""What becomes of findings: their status, what they are worth after commitments, and what was realized."""
