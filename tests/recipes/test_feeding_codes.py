"""More codes than the training data has latents are refused."""

from tests.models.coders import coder_of_waves, levels
from tests.refusals import refuses
from undertow.config import parse
from undertow.errors import UsageError
from undertow.recipes.feeding import training_batches
from undertow.recipes.tasks.task import Cut
from undertow.training.config import TrainingConfig
from undertow.training.distributed import world


def test_more_codes_than_latents_are_one_line() -> None:
    needs, training = coder_of_waves("vq").needs, parse(TrainingConfig, {"steps": 1, "batch_size": 1})
    with world("cpu") as here:
        training_batches({"train": levels(40)}, Cut(), needs, training, here)
        with refuses(UsageError, "39 samples", "5 codes", "8 samples", "num_codes", "40"):
            training_batches({"train": levels(30, 9)}, Cut(), needs, training, here)
