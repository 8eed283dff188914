"""One folder per platform, the same file names in each, over one HTTP transport."""
