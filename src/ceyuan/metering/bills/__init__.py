"""Bills: one per organisation and month, issued once and never changed, with a preview of the running month."""

from ceyuan.metering.bills.service import BillView, Line, due_bills, get_bill, issue_bill, preview_bill

__all__ = ["BillView", "Line", "due_bills", "get_bill", "issue_bill", "preview_bill"]
