"""Results of an experiment: scores, comparisons, tables, figures, pages. The door is `html_report.make_report`."""
