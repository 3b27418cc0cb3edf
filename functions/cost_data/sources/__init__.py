"""The sources of figures: data exports, Athena, Cost Explorer, and other APIs of an AWS account."""
