"""What a person must be told: conditions found in the state of the hub, each told once, and when it is over."""
