"""The process that stays: it hears what platforms tell, and works off what is marked and what is due."""
