"""The figures of each item of the agenda, one module each."""
