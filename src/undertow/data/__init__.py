"""Data: found, downloaded, checked, read, labelled, cut into batches; its face here is that of audio."""

from undertow.data.audio import Audio, read_audio, write_audio
from undertow.data.clips import Clip, ClipSet, Report
from undertow.data.load import load_clips

__all__ = ["Audio", "Clip", "ClipSet", "Report", "load_clips", "read_audio", "write_audio"]
