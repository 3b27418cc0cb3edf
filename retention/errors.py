"""The error that ends a command with one line."""


class RetentionError(Exception):
    """What was asked cannot be done; the message says what is wrong, where, and how to fix it."""
