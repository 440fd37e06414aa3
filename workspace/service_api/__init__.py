"""A stand-in for Dify's Service API, in front of all apps of the workspace.

`/dify/<hook_id>/v1/…`, where the hook id says whose calls and faults they are; the endpoint need not exist. The key
`app-<app id>` is the one of that app. Source: langgenius/dify, api/controllers/service_api.
"""
