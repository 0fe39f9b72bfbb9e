"""Stories, rewrites and versions."""
