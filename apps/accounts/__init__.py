"""Users, workspaces, roles, audit and alerts."""
