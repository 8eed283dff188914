"""The demo: an ERP and two shops on loopback, and a story in which things go wrong on purpose."""
