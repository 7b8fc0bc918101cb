from .packaged import Packaged, PackagedConfig

__all__ = ["Packaged", "PackagedConfig"]
