"""Publishes a review as a comment on a pull request or merge request, which is updated in place."""
