"""Orders: read once, reserved at once, asked for once, told on once."""
