"""Hearing from platforms: one door for each connection, and an answer only when what was told is stored."""
