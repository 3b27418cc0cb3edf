"""What a change to a Pulumi program costs, before it is applied."""
