"""The commands of `teei-finops` that read previews and the documents of reviews, besides `review` itself."""
