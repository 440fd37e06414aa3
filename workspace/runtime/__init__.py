"""The ways in which Dify runs a plugin: installed (local), connected for debugging (remote), serverless."""
