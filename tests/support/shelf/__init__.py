"""A made-up platform with a connector that can be told to make one mistake: what the conformance suite is tried on."""
