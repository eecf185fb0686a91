"""What other parts of the charging API may use of sessions.

    rows = await open_of_station(tx, charge_point_id)            # pending and active ones, rows of charging.session
    outcome = await services.part(Stops).request(tenant, session_id, "unlockcommand")   # no transaction open

For foreign keys: `tables.session`.
"""

from gridloom.charging.sessions import tables
from gridloom.charging.sessions.intake import Intake
from gridloom.charging.sessions.stops import Stops, is_accepted
from gridloom.charging.sessions.store import open_at, open_of_station, session
from gridloom.charging.sessions.timeline import timeline_of

__all__ = ["Intake", "Stops", "is_accepted", "open_at", "open_of_station", "session", "tables", "timeline_of"]
