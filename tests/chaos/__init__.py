"""Chaos: a fixed script of events, played while everything breaks, must end as it ends when nothing does."""
