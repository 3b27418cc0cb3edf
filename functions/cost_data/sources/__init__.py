"""Where figures come from: data exports, Athena, Cost Explorer and what AWS says of an account."""
