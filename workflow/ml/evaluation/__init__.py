"""What a reviewer looks at: the champion, groups of rows, evaluation.json and report.html."""
