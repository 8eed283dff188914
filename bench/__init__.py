"""Figures of speed, calls and memory, as ratios: ``python -m bench``."""
