# SPDX-License-Identifier: EUPL-1.2
"""How the windows look: colours of the design tokens, sizes that follow the person's own text size."""

from __future__ import annotations

import colorsys
import re
from functools import cache
from pathlib import Path

_TOKENS = Path(__file__).parents[2] / "ui" / "assets" / "tokens.css"
_COLOUR = re.compile(r"--fi-color-([\w-]+): hsl\((\d+), (\d+)%, (\d+)%\)")

SCALES = (100, 125, 150, 200)
"""Text sizes to choose from, in per cent of the system's."""


@cache
def colours() -> dict[str, str]:
    """The design layer's colours as ``#rrggbb``, by the tokens' names: ``highlight-base`` …"""
    found = _COLOUR.findall(_TOKENS.read_text("utf-8"))
    return {name: _rgb(int(hue), int(saturation), int(light)) for name, hue, saturation, light in found}


def _rgb(hue: int, saturation: int, lightness: int) -> str:
    parts = colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def style_sheet(points: float) -> str:
    """The Qt style sheet for a text size in points. A focused control has a ring of 3 pixels."""
    c = colours()
    return f"""
* {{ font-size: {points:.1f}pt; color: {c["black-base"]}; }}
QMainWindow, QDialog, QWidget#page, QScrollArea, QWidget#content {{ background: {c["white-base"]}; }}
QWidget#bar {{ background: {c["brand-base"]}; }}
QWidget#bar QLabel {{ color: {c["white-base"]}; font-weight: 600; font-size: {points * 1.2:.1f}pt; }}
QLabel#title {{ font-size: {points * 1.7:.1f}pt; font-weight: 600; }}
QLabel#heading {{ font-size: {points * 1.2:.1f}pt; font-weight: 600; }}
QLabel#strong {{ font-weight: 600; }}
QLabel#hint, QLabel#small {{ color: {c["depth-dark1"]}; }}
QLabel#good {{ color: {c["success-dark1"]}; }}
QLabel#bad {{ color: {c["alert-base"]}; }}
QFrame#panel {{ border: 1px solid {c["depth-light1"]}; border-radius: 4px; background: {c["white-base"]}; }}
QFrame#info {{ background: {c["info-light1"]}; border-left: 4px solid {c["info-base"]}; }}
QFrame#success {{ background: {c["highlight-light4"]}; border-left: 4px solid {c["success-base"]}; }}
QFrame#warning {{ background: {c["warning-light1"]}; border-left: 4px solid {c["warning-base"]}; }}
QFrame#error {{ background: {c["alert-light1"]}; border-left: 4px solid {c["alert-base"]}; }}
QPushButton {{
    border: 1px solid {c["highlight-base"]}; border-radius: 2px; margin: 5px;
    padding: 0.5em 1em; min-height: 1.4em; background: {c["white-base"]}; color: {c["highlight-base"]};
}}
QPushButton#primary {{ background: {c["highlight-base"]}; color: {c["white-base"]}; font-weight: 600; }}
QPushButton:hover {{ background: {c["highlight-light3"]}; }}
QPushButton#primary:hover {{ background: {c["highlight-dark1"]}; }}
QPushButton:disabled, QPushButton#primary:disabled {{
    background: {c["depth-light2"]}; color: {c["depth-dark1"]}; border-color: {c["depth-light1"]};
}}
QPushButton:focus {{ border: 3px solid {c["accent-tertiary-dark1"]}; margin: 3px; }}
QPushButton#primary:focus {{
    border: 6px double {c["accent-tertiary-dark1"]}; margin: 0; background-clip: padding;
}}
QLineEdit, QComboBox {{
    border: 1px solid {c["depth-dark2"]}; border-radius: 2px; margin: 2px; padding: 0.35em;
    min-height: 1.5em; background: {c["white-base"]};
}}
QLineEdit:focus, QComboBox:focus {{ border: 3px solid {c["accent-tertiary-dark1"]}; margin: 0; }}
QLineEdit[wrong="true"] {{ border: 2px solid {c["alert-base"]}; }}
QRadioButton:focus, QTextEdit:focus, QScrollArea:focus {{ border: 3px solid {c["accent-tertiary-dark1"]}; }}
"""
