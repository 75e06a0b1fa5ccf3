"""Text spoken by a model: sentences planned one by one, and their sound as it is drawn."""

from undertow.speaking.speaking import Said, Speech, Spoken, speak, stream_speak

__all__ = ["Said", "Speech", "Spoken", "speak", "stream_speak"]
