"""CFTC disaggregated reports, futures only: commodities, of which Managed Money is told. Socrata and the yearly files.

Read and checked as the financial reports are (cftc.py). The weekly text has no header, and no public text that states
its columns was at hand, so it is not read: its newest report is in Socrata some minutes later.
"""

from typing import ClassVar

from jobs.feeds.cftc import Cftc, CftcYearly


class CftcDisaggregated(Cftc):
    """The symbol is a commodity's CFTC contract market code."""

    name = "cftc_disaggregated"
    resource = "72hh-3qpy"
    groups: ClassVar = {"m_money": "managed_money"}


class CftcDisaggregatedYearly(CftcYearly):
    """A whole year of all commodities: that of --start, or of --end."""

    name = "cftc_disaggregated_yearly"
    file = "fut_disagg_txt"
    groups: ClassVar = {"m_money": "managed_money"}
