"""How the values that every transaction makes are made.

They are attrs classes, frozen, with slots. attrs fills a frozen instance field by field through `object.__setattr__`,
which costs more than everything else about it. Here an instance of a *blank* with the same slots, which is not frozen,
is filled and then becomes one of the class, for about half the time. Whoever holds an instance holds a frozen one.
"""

from typing import Any, TypeVar

import attrs

T = TypeVar("T")


def value(cls: type[T]) -> type[T]:
    """A frozen attrs class made so that its instances are built at once.

    The class is `attrs.frozen(weakref_slot=False)`, without validators, converters or factories. TypeError for one that
    has any.
    """
    made: Any = cls
    fields = attrs.fields(made)
    for field in fields:
        if field.validator is not None or field.converter is not None or hasattr(field.default, "factory"):
            raise TypeError(f"{cls.__name__}.{field.name} is more than a value")
    defaults = tuple(field.default for field in fields if field.default is not attrs.NOTHING)
    new = _constructor(cls.__name__, [field.name for field in fields])
    new.__defaults__, new.__annotations__ = defaults, dict(made.__init__.__annotations__)
    new.__module__, new.__qualname__ = cls.__module__, f"{cls.__qualname__}.__new__"
    made.__new__, made.__reduce__ = new, _reduce
    del made.__init__
    return cls


def _constructor(name: str, fields: list[str]) -> Any:
    """`__new__` of a class with these slots, from its source, as attrs makes its own methods."""
    blank = type(f"{name}Blank", (), {"__slots__": tuple(fields)})
    lines = ["self = blank()", *(f"self.{field} = {field}" for field in fields), "self.__class__ = cls", "return self"]
    source = "\n    ".join([f"def __new__(cls, {', '.join(fields)}):", *lines])
    names: dict[str, Any] = {"blank": blank}
    exec(compile(source, f"<{name}.__new__>", "exec"), names)
    return names["__new__"]


def _reduce(self: Any) -> tuple[type, tuple[Any, ...]]:
    """A copy, also in another process, is built as the value was."""
    return type(self), tuple(getattr(self, field.name) for field in attrs.fields(type(self)))
