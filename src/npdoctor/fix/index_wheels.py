"""The planner's eyes on the package index: whether wheels serve a NumPy, and which releases there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from npdoctor.fix.search import Judgement
from npdoctor.model.index import Indexes, Release, Wheel
from npdoctor.model.target import Target
from npdoctor.probe.index.reading import WheelReading, serves_numpy
from npdoctor.probe.index.readings import Readings
from npdoctor.probe.index.releases import releases
from npdoctor.probe.index.web import Web, WebError
from npdoctor.probe.index.wheel import Question, read_wheels

_PURE = "-any.whl"


class IndexWheels:
    """Wheels as the configured indexes have them, for one target."""

    def __init__(
        self,
        indexes: Indexes,
        web: Web,
        target: Target,
        on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        self._indexes = indexes
        self._web = web
        self._target = target
        self._readings = Readings()
        self._on_progress = on_progress
        self._releases: dict[str, Sequence[Release]] = {}

    def judge(
        self, wheels: Sequence[Wheel], modules: Mapping[str, Sequence[str]], numpy: str
    ) -> Mapping[str, Judgement]:
        """Return by name whether each wheel serves this NumPy; one without compiled files serves any."""
        compiled = [w for w in wheels if not w.filename.endswith(_PURE)]
        questions = [Question(w, tuple(modules.get(w.name, ()))) for w in compiled]
        found = {w.name: Judgement(True, "") for w in wheels if w.filename.endswith(_PURE)}
        for reading in read_wheels(questions, self._web, self._readings, self._on_progress):
            answer = serves_numpy(reading, numpy)
            tied = isinstance(reading, WheelReading) and any(m.numpy for m in reading.members)
            evidence = answer.because if tied or answer.serves is None else ""
            found[reading.wheel.name] = Judgement(answer.serves, evidence)
        return found

    def releases(self, name: str) -> Sequence[Release]:
        """Return the releases of a project, oldest first; none where the index does not answer."""
        if name not in self._releases:
            try:
                self._releases[name] = releases(name, self._indexes, self._web, self._target)
            except WebError:
                self._releases[name] = ()
        return self._releases[name]
