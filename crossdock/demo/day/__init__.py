"""A trading day in fast motion: orders, what happens to them, parcels, money, and the proof at its end."""
