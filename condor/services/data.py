"""Services that only read: results, accounts, orders, logs, and pictures of them. None of them asks a venue anything."""

from __future__ import annotations

from dataclasses import dataclass

from condor.services.charts import ChartService
from condor.services.lives import LifeService
from condor.services.log_files import LogService
from condor.services.pictures import PictureService
from condor.services.portfolio import PortfolioService
from condor.services.report_plans import ReportPlanService
from condor.services.reports import ReportService
from condor.services.results import ResultsService
from condor.services.trading import TradingService


@dataclass(frozen=True, slots=True)
class DataServices:
    """See the module."""

    pictures: PictureService
    charts: ChartService
    results: ResultsService
    reports: ReportService
    plans: ReportPlanService
    portfolio: PortfolioService
    trading: TradingService
    lives: LifeService
    logs: LogService
