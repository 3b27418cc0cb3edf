"""The monthly and the quarterly review: their figures from the stored costs, and their files."""
