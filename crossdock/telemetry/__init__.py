"""Traces for whoever runs the hub: spans of runs, requests and messages, sent to a collector; off unless configured."""
