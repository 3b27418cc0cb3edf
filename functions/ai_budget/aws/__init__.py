"""What the functions use of AWS: the only users of boto3 here."""
