"""What an app says, Markdown, as HTML that holds nothing but what this package wrote.

HTML in it is text. Links lead to http, https and mailto alone, pictures come from the hosts that the owner named, and
no attribute holds an app's words but `href`, `src` and `alt`.
"""

from relay.page.markdown.flow import Flow, render

__all__ = ["Flow", "render"]
