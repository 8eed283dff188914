"""Where the hub remembers: tables, migrations and the queries over them."""
