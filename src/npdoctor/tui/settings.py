"""What the person's config file means for the screen; imported before Textual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from npdoctor.config import Config, ConfigError, config_path, load_config
from npdoctor.tui.saving import shown_path


@dataclass(frozen=True, slots=True)
class Settings:
    """The config, and what is to be said of it once the screen is up."""

    config: Config
    complaints: tuple[str, ...] = ()


NO_SETTINGS = Settings(Config(""))


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the config file; one that cannot be understood counts as empty, and that is said."""
    path = config_path(environ)
    try:
        config = load_config(path)
    except ConfigError as error:
        return Settings(Config(path), (f"The config file is not used. {error}",))
    if not config.unknown:
        return Settings(config)
    return Settings(config, (f"{shown_path(path)}: unknown: {', '.join(config.unknown)}.",))
