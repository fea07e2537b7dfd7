"""One document from one diagnosis. Sections are pure functions; `compose` puts them in order."""
