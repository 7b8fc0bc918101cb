"""`CarefulModel`: code of a file that runs while its config is read can't do more than refuse the config.

What its validators raise besides ValueError is told in one sentence with file and line; and a field that a validator of the whole model sets is set, once, instead of
being validated by that same validator for ever.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from botcore.compat.places import place_of

_SETTING: Final[ContextVar[frozenset[int]]] = ContextVar("models of which a field is being set", default=frozenset())


class CarefulModel(BaseModel):
    """See the module."""

    @classmethod
    def model_validate(cls, obj: Any, **kwargs: Any) -> Any:
        """As pydantic's.

        Raises
        ------
        ValidationError
            For whatever the file's own code raises.
        """
        try:
            return super().model_validate(obj, **kwargs)
        except ValueError:
            raise
        except Exception as error:
            raise _told(cls, error) from error

    def __setattr__(self, name: str, value: Any) -> None:
        busy = _SETTING.get()
        if id(self) in busy and name in type(self).model_fields:
            # a validator of the model sets what it is validating: it is not asked about that again
            self.__dict__[name] = value
            self.__pydantic_fields_set__.add(name)
            return
        token = _SETTING.set(busy | {id(self)})
        try:
            super().__setattr__(name, value)
        finally:
            _SETTING.reset(token)


def _told(model: type[BaseModel], error: Exception) -> ValidationError:
    """What the file's code raised, as a refusal of the config."""
    where = place_of(error.__traceback__)
    text = f"{where + ': ' if where else ''}raised {type(error).__name__} while the config was read: {str(error) or 'no reason given'}"
    custom = PydanticCustomError("file_raised", "{text}", {"text": text})
    return ValidationError.from_exception_data(model.__name__, [{"type": custom, "loc": (), "input": None}])
