"""Cost data: reads what was spent from billing files and AWS, stores it, and serves it as metrics."""
