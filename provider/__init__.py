"""The only code that calls Dify."""
