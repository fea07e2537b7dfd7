"""`npdoctor gpu --watch`: the load of the GPUs, again and again."""

from __future__ import annotations

import argparse
import json
import os

from npdoctor.cli.output import Output
from npdoctor.cli.screen import layout_for
from npdoctor.errors import EXIT_COULD_NOT_LOOK, EXIT_OK, UsageError
from npdoctor.model.gpu import Gpu, GpuSystem, Load, NvmlFailure, Sample
from npdoctor.probe.gpu.read import read_gpus
from npdoctor.probe.gpu.sampler import Sampler
from npdoctor.report.facts_json import plain
from npdoctor.report.gpu_text import board_lines
from npdoctor.report.person import person_redactor
from npdoctor.report.prose import plain_ascii

_CLEAR = "\x1b[H\x1b[2J"


def watch(args: argparse.Namespace, output: Output) -> int:
    """Show a sample every so many seconds, until interrupted; JSON is one object on a line each."""
    if output.path:
        raise UsageError("--watch writes without an end: -o has no place beside it")
    nvml = read_gpus(os.environ).nvml
    if isinstance(nvml, NvmlFailure):
        output.say(f"npdoctor: no GPU to watch: {nvml.words}")
        return EXIT_COULD_NOT_LOOK
    if not nvml.gpus:
        output.say("npdoctor: no GPU to watch.")
        return EXIT_COULD_NOT_LOOK
    try:
        return _show(args, output, nvml)
    except KeyboardInterrupt:
        return EXIT_OK


def _show(args: argparse.Namespace, output: Output, system: GpuSystem) -> int:
    layout = layout_for(args, output)
    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    for sample in Sampler(os.environ, args.watch).samples():
        if isinstance(sample, NvmlFailure):
            output.say(f"npdoctor: {sample.words}")
            return EXIT_COULD_NOT_LOOK
        if args.format == "json":
            shown = redactor.redact_diagnosis({"schema": 1, "at": sample.at, "gpus": plain(sample.loads)})
            output.result(json.dumps(shown, ensure_ascii=False) + "\n")
            continue
        lines = [line for gpu in system.gpus for line in board_lines(gpu, layout, _load(gpu, sample))]
        text = (_CLEAR if output.is_terminal else "") + "\n".join(lines) + "\n"
        output.result(plain_ascii(text) if layout.ascii_only and not output.is_terminal else text)
    return EXIT_OK


def _load(gpu: Gpu, sample: Sample) -> Load:
    return sample.loads[gpu.index] if gpu.index < len(sample.loads) else gpu.load
