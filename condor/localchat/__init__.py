"""The local chat: a Bot API server inside the process and a page that looks and behaves like a chat.

The same handlers that run on Telegram run here without knowing it: they talk to this server as they would to Telegram's. It is another party, with a
database of its own, as Telegram's server would be.
"""
