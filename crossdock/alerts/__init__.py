"""Telling people: messages, where they are sent, and the thread that sends them."""
