"""Read the options and operands of installers' command lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from npdoctor.audit.image.shell_words import Word


@dataclass(frozen=True, slots=True)
class Argument:
    """An option with its value, or an operand, whose `option` is empty."""

    option: str
    value: Word | None = None


def names(text: str) -> frozenset[str]:
    """Return option names that are listed in a text."""
    return frozenset(text.split())


_PIP = names(
    """
    -r --requirement --requirements -c --constraint --constraints -e --editable -t --target --platform
    --python-version --implementation --abi --root --prefix --src -i --index-url --pypi-url --extra-index-url
    -f --find-links --no-binary --only-binary --progress-bar -C --config-settings --config-setting
    --global-option --upgrade-strategy --timeout --default-timeout --retries --trusted-host --cert
    --client-cert --cache-dir --proxy --log --log-file --exists-action --python --report --root-user-action
    --use-feature --use-deprecated --keyring-provider --group --build-constraint --resume-retries
    --install-option -b --build -d --download
    """
)
_UV = (_PIP - names("-d -b -t -C")) | names(
    """
    -p -o --output-file --index --default-index --index-strategy --resolution --prerelease --torch-backend
    --link-mode --override --overrides -b --build-constraints -P --upgrade-package --reinstall-package
    --no-build-package --no-binary-package --exclude-newer --directory --project --extra --no-group
    --only-group --no-extra --config-file --allow-insecure-host --python-platform --refresh-package --package
    --with --with-editable --with-requirements --env-file --no-install-package --no-emit-package -t --target
    --color --tag --branch --rev --marker -m --optional --fork-strategy --bounds --no-build-isolation-package
    --prompt -C --excludes
    """
)
_CONDA = names(
    """
    -n --name -p --prefix -c --channel --file -f --revision --download-only-path --repodata-fn --solver
    --experimental --root-prefix -r --rc-file --platform --subdir --channel-alias --relocate-prefix
    """
)
_PROJECT = names(
    """
    -G --group --with --without --only -E --extras --extra --source --python -p --project --lockfile -L -C
    --directory -P --index -i --pypi-mirror --categories -r --requirements -c --requirementstxt --venv --skip
    --without-groups --no-self-groups --allow-prereleases-of -e --editable --editable-path
    """
)
VALUED = {
    "pip": _PIP,
    "uv": _UV,
    "conda": _CONDA,
    "mamba": _CONDA,
    "poetry": _PROJECT - names("-e --editable -C -r -c -i"),
    "pdm": _PROJECT - names("-i -c -r -e --editable"),
    "pipenv": _PROJECT - names("-c -P -C -G -E -L --python -p"),
    "apt": names("-o --option -t --target-release --default-release -c --config-file -a"),
}


def arguments(words: Sequence[Word], valued: frozenset[str]) -> tuple[Argument, ...]:
    """Return options with their values, and operands, in order."""
    found: list[Argument] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        following = words[position] if position < len(words) else None
        text = word.text
        if text == "--":
            return (*found, *(Argument("", rest) for rest in words[position:]))
        if text.startswith("--"):
            name, sign, _ = text.partition("=")
            if sign:
                found.append(Argument(name, word.part(len(name) + 1)))
            elif name in valued:
                found.append(Argument(name, following))
                position += 1
            else:
                found.append(Argument(name))
        elif text.startswith("-") and len(text) > 1:
            position += _short(word, following, valued, found)
        else:
            found.append(Argument("", word))
    return tuple(found)


def _short(word: Word, following: Word | None, valued: frozenset[str], found: list[Argument]) -> int:
    """Take letters that stand together; return how many further words they took."""
    for index, letter in enumerate(word.text[1:40], start=1):
        option = f"-{letter}"
        if option not in valued:
            found.append(Argument(option))
            continue
        if index + 1 < len(word.text):
            rest = index + (2 if word.text[index + 1] == "=" else 1)
            found.append(Argument(option, word.part(rest)))
            return 0
        found.append(Argument(option, following))
        return 1
    return 0
