"""What other parts of the charging API may use of the communication log."""

from gridloom.charging.communication.buffer import Buffer

__all__ = ["Buffer"]
