"""The formats: each makes text of a document, or of the findings alone."""
