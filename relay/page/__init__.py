"""What a person sees in a browser, without a script: an app's form, its answer as it comes, and what went wrong.

A page is written from values alone. What an app, a caller or an owner says goes through the templates' autoescaping
or through `relay.page.markdown`; none of it reaches a style sheet.
"""
