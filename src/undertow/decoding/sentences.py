"""Where the sentences of a text end, by a simple rule."""

import re

TITLES = frozenset("Mr Mrs Ms Dr Prof St Hr Fr Nr Jr Sr vs bzw ca etc usw".split())
END = re.compile(r"""(?P<marks>[.!?…]+)["'”’»“)\]]*(?P<gap>\s+)(?=(?P<next>\S))""")
LAST_WORD = re.compile(r"[^\W_]*\Z")
MOST_DIGITS = 2  # "am 3. Mai" is one sentence


def sentences(text: str) -> list[str]:
    """The sentences of a text, without white space around them.

    A sentence ends at `.`, `!`, `?` or `…`, with the quotes and brackets that close after it, before white space. It
    does not end before a lower-case letter. A full stop does not end one after a single letter, a number of at most two
    digits or a title, as in J. S. Bach, 3. Mai and Dr. No.
    """
    found, begin = [], 0
    for match in END.finditer(text):
        if not match["next"].islower() and not (match["marks"] == "." and _is_short(text[begin : match.start()])):
            found.append(text[begin : match.start("gap")].strip())
            begin = match.end()
    rest = text[begin:].strip()
    return [*found, rest] if rest else found


def _is_short(before: str) -> bool:
    """Whether a full stop after this belongs to its last word."""
    match = LAST_WORD.search(before)
    word = "" if match is None else match[0]
    return len(word) == 1 or word in TITLES or (word.isdigit() and len(word) <= MOST_DIGITS)
