"""Messages (Sunshine reference 1.6, 2.7): models of what is posted, its completion, and the operations.

routes     the operations                        posting     from a checked body to the domain
models     what is posted and shown              completion  what the server adds, pure
content    the nine types                        actions     the buttons
rich_text  Markdown, HTML and plain text, pure
"""

from heliograph.api.messages.routes import router

__all__ = ["router"]
