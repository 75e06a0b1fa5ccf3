"""Sound drawn again from what an autoencoder keeps of it: the same, in another voice, or between two sounds."""

from undertow.reconstruction.interpolating import Interpolation, interpolate
from undertow.reconstruction.reconstructing import Reconstruction, reconstruct

__all__ = ["Interpolation", "Reconstruction", "interpolate", "reconstruct"]
