"""Reports for CI: what a plan or drift found, as Markdown, JUnit, SARIF and what GitLab reads."""
