"""The service as a local HTTP server, which is not part of the Lambda."""
