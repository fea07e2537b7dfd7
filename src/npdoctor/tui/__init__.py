"""FACE. The terminal interface; the only room that imports textual."""
