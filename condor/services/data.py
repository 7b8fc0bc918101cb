"""Services that only read: results, accounts, orders, logs, and pictures of them. None of them asks a venue anything."""

from __future__ import annotations

from dataclasses import dataclass

from condor.services.pictures import PictureService


@dataclass(frozen=True, slots=True)
class DataServices:
    """See the module."""

    pictures: PictureService
