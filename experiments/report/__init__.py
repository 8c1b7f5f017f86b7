"""From the journal to conclusions: scores, tests, tables, figures. The door is `html_report.make_report`."""
