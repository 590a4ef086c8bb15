"""What a person reads: comparisons as tables and pages."""

from coresift.report._charts import check_drawing
from coresift.report._page import write_html
from coresift.report._sentence import sentences
from coresift.report._table import rich_table

__all__ = ["check_drawing", "rich_table", "sentences", "write_html"]
