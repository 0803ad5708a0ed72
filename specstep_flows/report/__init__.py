"""The report of a run: one HTML file that needs nothing else, and a receipt for programs.

::

    from specstep_flows import SpecStep
    from specstep_flows.report import collect, write_report

    with SpecStep() as specstep:
        write_report(collect(specstep.store.get("20260601-abcd1234"), specstep), "report.html")

``collect`` reads the run's record and asks the service for what is not in it; ``page`` and ``receipt`` only draw.
"""

from __future__ import annotations

from specstep_flows.report.collect import Collected, collect
from specstep_flows.report.files import check_receipt, default_path, receipt_path, write_receipt, write_report
from specstep_flows.report.page import page
from specstep_flows.report.receipt import receipt

__all__ = [
    "Collected",
    "check_receipt",
    "collect",
    "default_path",
    "page",
    "receipt",
    "receipt_path",
    "write_receipt",
    "write_report",
]
