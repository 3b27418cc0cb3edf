"""Builds the packages of the Lambda functions."""
