"""Bytes: every value is its own symbol."""

import numpy as np

from undertow.alphabets import Bytes


def test_every_byte_is_its_own_symbol():
    alphabet, every = Bytes(Bytes.Config()), bytes(range(256))
    np.testing.assert_array_equal(alphabet.encode(every), np.arange(256))
    assert alphabet.to_bytes(np.arange(256)) == every
    assert alphabet.num_symbols == alphabet.start_symbol == 256 and alphabet.unit == "byte"


def test_what_is_no_text_decodes_to_replacement_characters():
    alphabet = Bytes(Bytes.Config())
    assert alphabet.decode(np.array([0x41, 0xFF, 0xC3, 0xA9, 0xC3])) == "A\ufffdé\ufffd"
    decoder = alphabet.decoder()
    assert [decoder.feed(0xC3), decoder.feed(0x41), decoder.feed(0xF0), decoder.end()] == ["", "\ufffdA", "", "\ufffd"]


def test_bytes_of_a_command_line_come_back_as_they_were():
    alphabet, typed = Bytes(Bytes.Config()), b"na\xefve"
    assert alphabet.to_bytes(alphabet.encode(typed.decode("utf-8", "surrogateescape"))) == typed
