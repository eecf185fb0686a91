"""The simulated charge point's two dialects."""

from typing import Any

import ocpp.v16
import ocpp.v201

from gridloom.charging.ocpp.curve import Car
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.simulator import FIRMWARE, MODEL, VENDOR, Plug, SimulatedStation, Transaction, identifier

_STARTED = {"Accepted", "ConcurrentTx"}
COMPONENTS = {"MeterValueSampleInterval": "SampledDataCtrlr"}


class Station16(SimulatedStation):
    """OCPP 1.6."""

    version = Version.V16
    client = ocpp.v16

    def actions(self) -> list[str]:
        """The core profile and what goes with it."""
        return [
            "ChangeAvailability", "ChangeConfiguration", "ClearCache", "GetConfiguration", "RemoteStartTransaction",
            "RemoteStopTransaction", "Reset", "TriggerMessage", "UnlockConnector",
        ]  # fmt: skip

    def obey(self, action: str, payload: dict[str, Any]) -> Any:
        """Yes, mostly."""
        answers = ocpp.v16.call_result
        match action:
            case "GetConfiguration":
                asked = payload.get("key") or list(self.configuration)
                known = [
                    {"key": key, "readonly": False, "value": self.configuration[key]}
                    for key in asked
                    if key in self.configuration
                ]
                return answers.GetConfiguration(known, [key for key in asked if key not in self.configuration])
            case "ChangeConfiguration":
                known_key = payload["key"] in self.configuration
                if known_key:
                    self.configuration[payload["key"]] = payload["value"]
                return answers.ChangeConfiguration("Accepted" if known_key else "NotSupported")
            case "RemoteStartTransaction":
                free = self.plugs[payload.get("connector_id", 1)].transaction is None
                return answers.RemoteStartTransaction("Accepted" if free else "Rejected")
            case "RemoteStopTransaction":
                found = self._plug_of(payload["transaction_id"]) is not None
                return answers.RemoteStopTransaction("Accepted" if found else "Rejected")
        return getattr(answers, action)("Unlocked" if action == "UnlockConnector" else "Accepted")

    def refusal(self, action: str) -> Any:
        """No."""
        if action == "GetConfiguration":
            return ocpp.v16.call_result.GetConfiguration([], [])
        status = {"UnlockConnector": "UnlockFailed"}.get(action, "Rejected")
        return getattr(ocpp.v16.call_result, action)(status)

    async def carry_out(self, action: str, payload: dict[str, Any]) -> None:
        """Start, stop, restart, report."""
        match action:
            case "RemoteStartTransaction":
                number = payload.get("connector_id", 1)
                if self.plugs[number].transaction is None:
                    await self.start(number, payload["id_tag"])
            case "RemoteStopTransaction":
                if (plug := self._plug_of(payload["transaction_id"])) is not None:
                    await self.stop(plug.number, "Remote")
            case "Reset":
                await self.restart("", f"{payload['type']}Reset")
            case "TriggerMessage":
                await self._triggered(payload["requested_message"])

    async def _triggered(self, message: str) -> None:
        if message == "BootNotification":
            await self.boot()
        elif message == "Heartbeat":
            await self.heartbeat()
        elif message == "StatusNotification":
            for plug in self.plugs.values():
                await self.status(plug.number, plug.status)

    def _plug_of(self, transaction_id: Any) -> Plug | None:
        running = (plug for plug in self.plugs.values() if plug.transaction and plug.transaction.id == transaction_id)
        return next(running, None)

    async def boot(self, reason: str = "PowerUp") -> str:  # noqa: ARG002 - 1.6 names no reason
        """BootNotification, then the status of each connector."""
        answer = await self.send(
            "BootNotification", charge_point_vendor=VENDOR, charge_point_model=MODEL, firmware_version=FIRMWARE,
            charge_point_serial_number=self.facts.network_id[:25],
        )  # fmt: skip
        self.boots += 1
        if answer.status == "Accepted":
            for plug in self.plugs.values():
                await self.status(plug.number, plug.status)
        return str(answer.status)

    async def status(self, number: int, status: str) -> None:
        """StatusNotification."""
        self.plugs[number].status = status
        error = "GroundFailure" if status == "Faulted" else "NoError"
        await self.send("StatusNotification", connector_id=number, error_code=error, status=status, timestamp=self.at())

    async def authorise(self, token: str) -> str:
        """Authorize."""
        answer = await self.send("Authorize", id_tag=token)
        return str(answer.id_tag_info["status"])

    async def start(self, number: int, token: str, car: Car | None = None, remote_start_id: int | None = None) -> str:
        """Preparing, StartTransaction, Charging."""
        plug = self.plugs[number]
        await self.status(number, "Preparing")
        meter = int(plug.register_wh)
        answer = await self.send(
            "StartTransaction", connector_id=number, id_tag=token, meter_start=meter, timestamp=self.at()
        )
        status = str(answer.id_tag_info["status"])
        if status in _STARTED:
            plug.transaction = Transaction(answer.transaction_id, token, car or self.car(), meter, remote_start_id)
            await self.status(number, "Charging")
        else:
            await self.status(number, "Available")
        return status

    async def meter(self, number: int, seconds: float) -> None:
        """MeterValues of register, power, current of one phase, and state of charge."""
        plug, transaction = self.plugs[number], self.plugged(number)
        self.advance(plug, seconds)
        await self.send(
            "MeterValues",
            connector_id=number,
            transaction_id=transaction.id,
            meter_value=[{"timestamp": self.at(), "sampledValue": _sampled_16(plug, transaction.car)}],
        )

    async def stop(self, number: int, reason: str = "Local") -> None:
        """StopTransaction, Finishing, Available."""
        plug, transaction = self.plugs[number], self.plugged(number)
        await self.send(
            "StopTransaction", meter_stop=int(plug.register_wh), timestamp=self.at(), transaction_id=transaction.id,
            reason=reason, id_tag=transaction.token,
        )  # fmt: skip
        plug.transaction = None
        await self.status(number, "Finishing")
        await self.status(number, "Available")


def _sampled_16(plug: Plug, car: Car) -> list[dict[str, str]]:
    return [
        {"value": str(int(plug.register_wh)), "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
        {"value": f"{car.power_w / 1000:.3f}", "measurand": "Power.Active.Import", "unit": "kW"},
        {"value": f"{car.power_w / 690:.2f}", "measurand": "Current.Import", "unit": "A", "phase": "L1"},
        {"value": f"{car.soc * 100:.0f}", "measurand": "SoC", "unit": "Percent", "location": "EV"},
    ]


class Station201(SimulatedStation):
    """OCPP 2.0.1."""

    version = Version.V201
    client = ocpp.v201

    def actions(self) -> list[str]:
        """What goes with charging and looking after a station."""
        return [
            "ChangeAvailability", "ClearCache", "GetBaseReport", "GetVariables", "RequestStartTransaction",
            "RequestStopTransaction", "Reset", "SetVariables", "TriggerMessage", "UnlockConnector",
        ]  # fmt: skip

    def obey(self, action: str, payload: dict[str, Any]) -> Any:
        """Yes, mostly."""
        answers = ocpp.v201.call_result
        match action:
            case "GetVariables":
                return answers.GetVariables([self._read_variable(each) for each in payload["get_variable_data"]])
            case "SetVariables":
                return answers.SetVariables([self._write_variable(each) for each in payload["set_variable_data"]])
            case "RequestStartTransaction":
                free = self.plugs[payload.get("evse_id", 1)].transaction is None
                return answers.RequestStartTransaction("Accepted" if free else "Rejected")
            case "RequestStopTransaction":
                found = self._plug_of(payload["transaction_id"]) is not None
                return answers.RequestStopTransaction("Accepted" if found else "Rejected")
        return getattr(answers, action)("Unlocked" if action == "UnlockConnector" else "Accepted")

    def _read_variable(self, asked: dict[str, Any]) -> dict[str, Any]:
        value = self.configuration.get(asked["variable"]["name"])
        found = {"attributeStatus": "Accepted", "attributeValue": value} if value is not None else {}
        return {"attributeStatus": "UnknownVariable", **found, **_named(asked)}

    def _write_variable(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["variable"]["name"]
        if name not in self.configuration:
            return {"attributeStatus": "UnknownVariable", **_named(asked)}
        self.configuration[name] = asked["attribute_value"]
        return {"attributeStatus": "Accepted", **_named(asked)}

    def refusal(self, action: str) -> Any:
        """No."""
        answers = ocpp.v201.call_result
        if action in {"GetVariables", "SetVariables"}:
            rejected = {"attributeStatus": "Rejected", "component": {"name": "x"}, "variable": {"name": "x"}}
            return getattr(answers, action)([rejected])
        return getattr(answers, action)({"UnlockConnector": "UnlockFailed"}.get(action, "Rejected"))

    async def carry_out(self, action: str, payload: dict[str, Any]) -> None:
        """Start, stop, restart, report."""
        match action:
            case "RequestStartTransaction":
                number = payload.get("evse_id", 1)
                if self.plugs[number].transaction is None:
                    await self.start(number, payload["id_token"]["id_token"], None, payload["remote_start_id"])
            case "RequestStopTransaction":
                if (plug := self._plug_of(payload["transaction_id"])) is not None:
                    await self.stop(plug.number, "Remote")
            case "Reset":
                await self.restart("RemoteReset", "ImmediateReset" if payload["type"] == "Immediate" else "Reboot")
            case "TriggerMessage":
                await self._triggered(payload["requested_message"])
            case "GetBaseReport":
                await self._report(payload["request_id"])

    async def _report(self, request_id: int) -> None:
        """NotifyReport in one part."""
        told = [
            {
                "component": {"name": COMPONENTS.get(name, "OCPPCommCtrlr")},
                "variable": {"name": name},
                "variableAttribute": [{"value": value, "mutability": "ReadWrite"}],
            }
            for name, value in self.configuration.items()
        ]
        await self.send(
            "NotifyReport", request_id=request_id, generated_at=self.at(), seq_no=0, tbc=False, report_data=told
        )

    async def _triggered(self, message: str) -> None:
        if message == "BootNotification":
            await self.boot("Triggered")
        elif message == "Heartbeat":
            await self.heartbeat()
        elif message == "StatusNotification":
            for plug in self.plugs.values():
                await self.status(plug.number, plug.status)

    def _plug_of(self, transaction_id: Any) -> Plug | None:
        running = (plug for plug in self.plugs.values() if plug.transaction and plug.transaction.id == transaction_id)
        return next(running, None)

    async def boot(self, reason: str = "PowerUp") -> str:
        """BootNotification, then the status of each connector."""
        charging_station = {
            "vendorName": VENDOR, "model": MODEL, "firmwareVersion": FIRMWARE,
            "serialNumber": self.facts.network_id[:25],
        }  # fmt: skip
        answer = await self.send("BootNotification", charging_station=charging_station, reason=reason)
        self.boots += 1
        if answer.status == "Accepted":
            for plug in self.plugs.values():
                await self.status(plug.number, plug.status)
        return str(answer.status)

    async def status(self, number: int, status: str) -> None:
        """StatusNotification of the EVSE's only connector."""
        self.plugs[number].status = status
        await self.send(
            "StatusNotification", timestamp=self.at(), connector_status=status, evse_id=number, connector_id=1
        )

    async def authorise(self, token: str) -> str:
        """Authorize."""
        answer = await self.send("Authorize", id_token={"idToken": token, "type": "ISO14443"})
        return str(answer.id_token_info["status"])

    async def start(self, number: int, token: str, car: Car | None = None, remote_start_id: int | None = None) -> str:
        """Occupied, TransactionEvent Started; a refused token ends it again at once.

        A start that was not answered is said again under the same id.
        """
        plug = self.plugs[number]
        await self.status(number, "Occupied")
        if plug.transaction is None:
            begun = int(plug.register_wh)
            plug.transaction = Transaction(identifier(), token, car or self.car(), begun, remote_start_id)
        trigger = "Authorized" if remote_start_id is None else "RemoteStart"
        answer = await self._event(plug, "Started", trigger, "Transaction.Begin", state="Charging", token=token)
        status = str((answer.id_token_info or {"status": "Accepted"})["status"])
        if status not in _STARTED:
            await self.stop(number, "DeAuthorized")
        return status

    async def meter(self, number: int, seconds: float) -> None:
        """TransactionEvent Updated."""
        plug = self.plugs[number]
        self.plugged(number)
        self.advance(plug, seconds)
        await self._event(plug, "Updated", "MeterValuePeriodic", "Sample.Periodic", state="Charging")

    async def stop(self, number: int, reason: str = "Local") -> None:
        """TransactionEvent Ended, Available."""
        plug = self.plugs[number]
        self.plugged(number)
        trigger = {"Remote": "RemoteStop", "DeAuthorized": "Deauthorized"}.get(reason, "StopAuthorized")
        await self._event(plug, "Ended", trigger, "Transaction.End", state="EVConnected", reason=reason)
        plug.transaction = None
        await self.status(number, "Available")

    async def _event(
        self, plug: Plug, kind: str, trigger: str, context: str, *, state: str, token: str | None = None,
        reason: str | None = None,
    ) -> Any:  # fmt: skip
        transaction = self.plugged(plug.number)
        about = {
            "transactionId": transaction.id, "chargingState": state, "stoppedReason": reason,
            "remoteStartId": transaction.remote_start_id,
        }  # fmt: skip
        answer = await self.send(
            "TransactionEvent",
            event_type=kind,
            timestamp=self.at(),
            trigger_reason=trigger,
            seq_no=transaction.sequence,
            transaction_info={key: value for key, value in about.items() if value is not None},
            evse={"id": plug.number, "connectorId": 1},
            id_token=None if token is None else {"idToken": token, "type": "ISO14443"},
            meter_value=[{"timestamp": self.at(), "sampledValue": _sampled_201(plug, transaction.car, context)}],
        )
        transaction.sequence += 1
        return answer


def _named(asked: dict[str, Any]) -> dict[str, Any]:
    return {"component": asked["component"], "variable": asked["variable"]}


def _sampled_201(plug: Plug, car: Car, context: str) -> list[dict[str, Any]]:
    def sampled(value: float, measurand: str, unit: str, multiplier: int = 0) -> dict[str, Any]:
        of_unit = {"unit": unit, "multiplier": multiplier}
        return {"value": value, "measurand": measurand, "context": context, "unitOfMeasure": of_unit}

    return [
        sampled(int(plug.register_wh), "Energy.Active.Import.Register", "Wh"),
        sampled(round(car.power_w / 1000, 3), "Power.Active.Import", "W", 3),
        sampled(round(car.soc * 100), "SoC", "Percent"),
    ]
