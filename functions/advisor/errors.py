"""Errors with a message for the user."""


class AdvisorError(Exception):
    """A mistake that the user can correct; the message is one line."""


class SourceError(Exception):
    """A source cannot be read; the message is one line. The report is made from the others."""
