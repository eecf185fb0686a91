"""gridloom: the open, self-hosted back end of a local energy business."""

__version__ = "0.1.0"
