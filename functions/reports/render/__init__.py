"""A review as files: JSON, slides, one HTML page and the action tracker."""
