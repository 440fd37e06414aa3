"""The apps of the workspace: what reverse invocations reach instead of a real Dify's apps."""
