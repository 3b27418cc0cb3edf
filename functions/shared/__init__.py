"""What several of the Lambda functions and their command lines use."""
