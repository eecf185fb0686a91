"""What charging costs, and whom: tariffs, groups of them, and the copies that sessions keep."""
