"""What can be decided from values alone: no Dify, no clock, no network (only `pump` waits)."""
