"""The advisor: every Monday, what costs more than it must, and the change to make."""
