"""What a student learns from: how the distance to its teacher is measured, and the losses beside it."""

from typing import Annotated

from pydantic import Field

from undertow.config import Count, Name, NonNegative, Number, Positive, Width, config

TEACHER = "teacher"


@config
class PowerConfig:
    """The power loss: short-time spectra of the student's sound and of the recording with the same condition.

    Attributes:
        weight: 0 switches it off.
        window_ms, hop_ms: of the spectra.
        exponent: of the magnitudes: 2 for power (Parallel WaveNet), 1 for magnitudes (ClariNet).
        over_time: compare means over time alone (optional in Parallel WaveNet).
    """

    weight: NonNegative = 0.0
    window_ms: Positive = 50.0
    hop_ms: Positive = 12.5
    exponent: Annotated[float, Field(ge=0.1, le=4), Number] = 1.0
    over_time: bool = False


@config
class StyleConfig:
    """The perceptual loss: Gram matrices of a trained network's hidden channels for both sounds.

    Attributes:
        weight: 0 switches it off.
        network: "teacher", the teacher's own network; or the folder of another trained model of sound samples.
        num_channels: hidden channels, evenly spaced over all layers.
    """

    weight: NonNegative = 0.0
    network: Name = TEACHER
    num_channels: Annotated[Width, Field(le=4096)] = 64


@config
class ContrastConfig:
    """The contrastive loss: -weight times the distance to the teacher with another row's condition.

    Attributes:
        weight: γ, 0.3 in Parallel WaveNet; 0 switches it off.
    """

    weight: Annotated[float, Field(ge=0, lt=1), Number] = 0.0


@config
class DistillationConfig:
    """The losses of a student.

    Attributes:
        redraws: samples drawn of each step's distribution, if the distance has no closed form; the teacher reads one
            sound, whatever their number.
        regulariser: weight of (log σ_teacher - log σ_student)², of Gaussians.
        least_log_scale: of both, in the closed form for Gaussians; smaller log-scales count as this one.
        least_log_scale_of_teacher: of the teacher's density at drawn samples.
    """

    redraws: Annotated[Count, Field(le=4096)] = 8
    regulariser: NonNegative = 4.0
    least_log_scale: Annotated[float, Field(ge=-20, le=0), Number] = -7.0
    least_log_scale_of_teacher: Annotated[float, Field(ge=-20, le=0), Number] = -9.0
    power: PowerConfig = PowerConfig()
    style: StyleConfig = StyleConfig()
    contrast: ContrastConfig = ContrastConfig()
