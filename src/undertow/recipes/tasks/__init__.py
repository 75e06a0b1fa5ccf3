"""Kinds of data for recipes: one file and one line here for each."""

from typing import Annotated, Any

from undertow.config import choice
from undertow.recipes.tasks.audio import AudioTask
from undertow.recipes.tasks.denoising import DenoisingTask
from undertow.recipes.tasks.frame_labels import FrameLabelsTask
from undertow.recipes.tasks.images import ImagesTask
from undertow.recipes.tasks.labelled_text import LabelledTextTask
from undertow.recipes.tasks.mnist import MnistTask
from undertow.recipes.tasks.pairs import PairsTask
from undertow.recipes.tasks.rolls import RollsTask
from undertow.recipes.tasks.segmentation import SegmentationTask
from undertow.recipes.tasks.speech import SpeechTask
from undertow.recipes.tasks.spoken_text import SpokenTextTask
from undertow.recipes.tasks.synthetic import AddingTask, CopyMemoryTask
from undertow.recipes.tasks.tagged import ConllTask, SpacedWordsTask
from undertow.recipes.tasks.task import Task
from undertow.recipes.tasks.text import TextTask
from undertow.recipes.tasks.transcripts import TranscriptsTask
from undertow.recipes.tasks.units import UnitsTask

TASKS: dict[str, Any] = {
    "audio": AudioTask,
    "text": TextTask,
    "labelled_text": LabelledTextTask,
    "pairs": PairsTask,
    "transcripts": TranscriptsTask,
    "spoken_text": SpokenTextTask,
    "conll": ConllTask,
    "spaced_words": SpacedWordsTask,
    "frame_labels": FrameLabelsTask,
    "speech": SpeechTask,
    "rolls": RollsTask,
    "images": ImagesTask,
    "segmentation": SegmentationTask,
    "denoising": DenoisingTask,
    "mnist": MnistTask,
    "adding": AddingTask,
    "copy_memory": CopyMemoryTask,
    "units": UnitsTask,
}

DataConfig = Annotated[Any, choice(TASKS)]

__all__ = ["TASKS", "DataConfig", "Task"]
