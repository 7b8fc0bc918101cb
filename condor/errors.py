"""The errors that front ends meet."""

from botcore.model.errors import CondorError, UserError, nearest

__all__ = ["CondorError", "UserError", "nearest"]
