"""The class of what counts for nothing: of a pixel whose class nobody knows, as PASCAL VOC writes it.

It is neither learned nor counted. Native code has it from here too; bytes hold it, so that there are classes 0 to 254.

>>> IGNORED
255
"""

IGNORED = 255
