"""The engine: observe, project, diff, plan, guard, apply and recover."""
