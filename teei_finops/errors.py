"""What all errors with a message for the user have in common."""


class UserError(Exception):
    """The command cannot do its work; the message says what is wrong, where, and how to fix it."""
