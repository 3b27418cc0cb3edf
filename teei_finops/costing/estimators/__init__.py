"""One module for each service family; `docs/estimators.md` describes how to add an estimator."""
