"""What developers run: it builds the Lambda's zip and writes the price rows. Not part of the Lambda."""
