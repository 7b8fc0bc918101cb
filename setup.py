"""What pyproject.toml can't say: the compiled parts.

Cython compiles the six `.pyx` files; mypyc compiles the plain, typed modules that botcore/compiled.txt names (docs/decisions/0006).
"""

from pathlib import Path

from mypyc.build import mypycify
from setuptools import Extension, setup

CYTHON = (
    "botcore.orders.tracker",
    "botcore.markets.order_book",
    "botcore.markets.depth_reader",
    "botcore.markets.book_scanner",
    "botcore.markets.rolling",
    "botcore.markets.indicators",
)


def sources(name: str, ending: str) -> str:
    return name.replace(".", "/") + ending


typed = [sources(name, ".py") for name in Path("botcore/compiled.txt").read_text().split()]
setup(
    ext_modules=[
        *(Extension(name, [sources(name, ".pyx")], extra_compile_args=["-O3"]) for name in CYTHON),
        *mypycify(["--config-file=", "--ignore-missing-imports", *typed], opt_level="2", debug_level="0", group_name="botcore.lane"),
    ]
)
