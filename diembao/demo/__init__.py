"""A small press of our own making on localhost, for the demo and for the tests.

>>> with DemoPress() as press:
...     press.addresses["songcau"]
'http://127.0.0.1:40123'
"""

from diembao.demo.demo_press import DemoPress

__all__ = ["DemoPress"]
