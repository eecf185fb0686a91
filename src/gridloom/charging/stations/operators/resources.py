"""Declared resources of operators and templates."""

from sqlalchemy import literal_column
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.charging.stations.operators.schemas import Operator, Template
from gridloom.charging.stations.operators.tables import charge_point_template, operator
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Owner, Resource

_EVSES = literal_column(
    """(SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', e.id, 'status', CASE e.status WHEN 'enabled' THEN 'active' ELSE e.status END, 'maxPower', e.max_power_w,
        'dlmPhases', CASE e.phases WHEN 'single_phase' THEN '1' WHEN 'three_phase' THEN '3' WHEN 'split_phase' THEN 'split' END,
        'networkId', e.network_id, 'currentType', e.current_type, 'dlmPriority', e.priority, 'inputVoltage', e.max_voltage,
        'tariffGroupId', e.tariff_group_id, 'dlmMaxCurrentA', e.max_amperage, 'allowsReservation', e.allows_reservation,
        'dlmPhaseRotation', e.phase_rotation, 'dlmConnectedPhase', e.connected_phase,
        'dlmEfficiencyPercent', e.efficiency_percent) ORDER BY e.id), '[]')
    FROM charging.charge_point_template_evse e
    WHERE e.tenant_id = charging.charge_point_template.tenant_id AND e.template_id = charging.charge_point_template.id)""",
    type_=JSONB(),
)

operators = Resource(
    operator,
    "operators/v1.0",
    item="operator",
    shows=Operator,
    scope="charging.operators",
    verbs=("list", "read"),
    pages=Pages.CURSOR,
    owner=Owner(operator.c.id, "operator_id"),
    columns={"default": operator.c.is_default},
    tags=("resource / operators",),
    names={"list": Named("operatorsListing"), "read": Named("operatorRead")},
)

templates = Resource(
    charge_point_template,
    "templates/v1.0",
    shows=Template,
    scope="charging.templates",
    verbs=("list",),
    pages=Pages.CURSOR | Pages.NUMBER,
    columns={"evses": _EVSES, "last_updated_at": charge_point_template.c.updated_at},
    tags=("resource / templates",),
    names={"list": Named("templatesListing")},
)
