"""A platform held in memory: the smallest connector, for tests, examples and plug-in authors."""
