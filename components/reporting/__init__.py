"""The weekly recommendations and the reviews on AWS."""
