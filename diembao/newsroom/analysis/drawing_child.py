"""The process that draws charts for a web process: a picture for each description on standard input, until that ends.

Started as a file of its own, so that it loads the library and nothing of ours.
"""

from __future__ import annotations

import json
import struct
import sys
from typing import Any

_LENGTH = struct.Struct(">?Q")  # as in drawing.py


def main() -> None:
    import vl_convert

    source, out = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(_LENGTH.size)) == _LENGTH.size:
        wanted: dict[str, Any] = json.loads(source.read(_LENGTH.unpack(head)[1]))
        try:
            if "svg" in wanted:
                made = vl_convert.vegalite_to_svg(wanted["svg"], format_locale=wanted["locale"]).encode()
            else:
                made = bytes(vl_convert.svg_to_png(wanted["png"], scale=wanted["scale"]))
            answer = _LENGTH.pack(True, len(made)) + made
        except (ValueError, RuntimeError) as error:  # what the library raises, whatever it is that it cannot draw
            said = str(error).partition("\n")[0].encode()
            answer = _LENGTH.pack(False, len(said)) + said
        out.write(answer)
        out.flush()


if __name__ == "__main__":
    main()
