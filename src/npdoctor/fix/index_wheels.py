"""The planner's eyes on the package index: whether wheels serve a NumPy, and which releases there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from npdoctor.fix.engines.offers import Offers
from npdoctor.fix.search import Judgement
from npdoctor.model.index import Release, Wheel
from npdoctor.probe.index.reading import WheelReading, serves_numpy
from npdoctor.probe.index.readings import Readings
from npdoctor.probe.index.web import WebError
from npdoctor.probe.index.wheel import Question, read_wheels

_PURE = "-any.whl"


class IndexWheels:
    """Wheels as the indexes in force have them, for one target."""

    def __init__(self, offers: Offers) -> None:
        self._offers = offers
        self._readings = Readings()

    def judge(
        self, wheels: Sequence[Wheel], modules: Mapping[str, Sequence[str]], numpy: str
    ) -> Mapping[str, Judgement]:
        """Return by name whether each wheel serves this NumPy; one without compiled files serves any."""
        compiled = [w for w in wheels if not w.filename.endswith(_PURE)]
        questions = [Question(w, tuple(modules.get(w.name, ()))) for w in compiled]
        found = {w.name: Judgement(True, "") for w in wheels if w.filename.endswith(_PURE)}
        for reading in read_wheels(questions, self._offers.web, self._readings):
            answer = serves_numpy(reading, numpy)
            tied = isinstance(reading, WheelReading) and any(m.numpy for m in reading.members)
            evidence = answer.because if tied or answer.serves is None else ""
            found[reading.wheel.name] = Judgement(answer.serves, evidence)
        return found

    def releases(self, name: str) -> Sequence[Release]:
        """Return the releases of a project, oldest first; none where the index does not answer."""
        try:
            return self._offers.of(name)
        except WebError:
            return ()
