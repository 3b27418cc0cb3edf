"""What moto does not do by itself: the network that a stack expects, managed policies, bucket settings."""
