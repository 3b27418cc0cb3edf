"""The monthly and the quarterly review: their figures from the stored cost data, and the files that show them."""
