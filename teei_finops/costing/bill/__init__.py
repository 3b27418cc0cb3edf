"""Bills in the FOCUS format, and how they compare with a review."""
