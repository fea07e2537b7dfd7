"""BOOK. Loads and validates rules.toml, the knowledge that the judgement rests on."""
