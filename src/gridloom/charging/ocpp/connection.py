"""One station's socket: what it sends is answered in order, what we ask is asked one by one.

Reading stops while the inbox is full or the station is faster than its share: TCP then holds the station back, and
neither memory nor the loop pays for a burst. Nothing is dropped. After each message the loop gets its turn.
"""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from gridloom.charging.ocpp.admission import Pace
from gridloom.charging.ocpp.messages import framing
from gridloom.charging.ocpp.messages.framing import Call, CallFailed, CallResult, Fault, Ignored, Message
from gridloom.charging.ocpp.messages.schemas import Payload, checks
from gridloom.charging.ocpp.messages.versions import Problem, Version, code_of
from gridloom.charging.ocpp.outcomes import Answered, Busy, InvalidCall, Offline, Outcome, Rejected, TimedOut
from gridloom.charging.ocpp.ports import Frame, Handler, Journal, Refusal, Station
from gridloom.kernel import clock
from gridloom.kernel.ids import uuid7

log = structlog.get_logger(__name__)

LONGEST_REFUSED = 16_384  # characters of a refused frame that are written down; of a longer one its kind and its size
_LONGEST_MARK = 1_024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may take. Times in seconds, sizes in bytes."""

    message_size: int = 262_144
    inbox: int = 8  # checked messages that wait for the handler
    frames: int = 8  # frames that wait to be read, below them
    rate: float = 100.0  # messages a second that are read for long
    burst: float = 500.0  # messages that are read at once after a quiet time
    volume: float = 131_072.0  # characters a second that are read for long
    volume_burst: float = 1_048_576.0  # characters that are read at once after a quiet time
    calls: int = 16  # calls of ours that wait or are outstanding
    answered: int = 64  # message ids whose answers are remembered
    call_timeout: float = 30.0
    handling: float = 30.0  # a handler that takes longer is an InternalError
    sending: float = 20.0  # a station that does not read for so long is cut off
    closing: float = 5.0
    unreadable: int = 20  # frames in a row that are no OCPP, then the connection ends
    ping: float = 30.0
    pong: float = 30.0


class Share:
    """What one station may have read for long: so many messages, and so many characters, a second."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits, self._filled = limits, now
        self._messages, self._characters = limits.burst, limits.volume_burst

    def wait(self, characters: int, now: float) -> float:
        """A message of so many characters was read: seconds until the next one is."""
        limits, passed = self._limits, now - self._filled
        self._filled = now
        self._messages = min(limits.burst, self._messages + passed * limits.rate) - 1
        self._characters = min(limits.volume_burst, self._characters + passed * limits.volume) - characters
        return max(0.0, -self._messages / limits.rate, -self._characters / limits.volume)


@dataclass(slots=True)
class _Pending:
    id: str
    action: str
    reply: asyncio.Future[Outcome]


class Connection:
    """An accepted, authenticated station. Made by the listener; `call` is what others use."""

    def __init__(
        self, socket: ServerConnection, station: Station, version: Version, handler: Handler, journal: Journal,
        limits: Limits, *, strength: int = 0, profile: int = 0, endings: Pace | None = None,
    ) -> None:  # fmt: skip
        self.station, self.version = station, version
        self.strength = strength  # of the proof it came with: 0 none, 1 password, 3 certificate
        self.profile = profile  # the security profile that it came with
        self.opened_at = clock.now()
        self.last_seen = monotonic()
        self.done = asyncio.Event()  # set by the listener when it is closed and the handler knows
        self._socket, self._handler, self._journal, self._limits = socket, handler, journal, limits
        self._endings = endings
        self._checks = checks(version)
        self._inbox: asyncio.Queue[tuple[str, Call | Fault] | None] = asyncio.Queue(limits.inbox)
        self._answered: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._turn = asyncio.Lock()
        self._pending: _Pending | None = None
        self._abandoned: deque[str] = deque(maxlen=32)
        self._queued = 0
        self._closed = False
        self._unreadable = 0
        self._held = False
        self._writing: list[float] = []  # since when, of each frame that is being sent
        self._goodbye: tuple[int, str] = (CloseCode.NORMAL_CLOSURE, "")
        self._reader: asyncio.Task[None] | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._share = Share(limits, self.last_seen)

    @property
    def is_open(self) -> bool:
        """Whether a call can be sent."""
        return not self._closed

    async def run(self) -> None:
        """Serve until either side closes; handle what had come, answer it if the socket still stands, and return."""
        worker = asyncio.create_task(self._work())
        self._reader = asyncio.create_task(self._read())
        if self._closed:
            self._reader.cancel()
        try:
            await asyncio.wait({worker, self._reader}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.shut()
            self._reader.cancel()
            (ended,) = await asyncio.gather(self._reader, return_exceptions=True)
            if isinstance(ended, Exception):
                log.error(
                    "station_reading_failed", station=self.station.key, error=type(ended).__name__, exc_info=ended
                )
            await self._finish(worker)
            if self._pinging is not None:
                self._pinging.cancel()
            await self._hang_up()

    async def _finish(self, worker: asyncio.Task[None]) -> None:
        """What a station said before it vanished counts, even if nobody hears the answer."""
        try:
            async with asyncio.timeout(self._limits.handling):
                await self._inbox.put(None)
                await worker
        except TimeoutError:
            worker.cancel()
            log.warning("station_messages_abandoned", waiting=self._inbox.qsize())

    async def _hang_up(self) -> None:
        try:
            async with asyncio.timeout(self._limits.closing):
                await self._socket.close(*self._goodbye)
        except TimeoutError:
            self._socket.transport.abort()

    async def call(self, action: str, payload: Payload, timeout: float | None = None) -> Outcome:  # noqa: ASYNC109 - a promise of the interface: the outcome TimedOut
        """Ask the station, after all calls that were asked before; never raises for what the station does.

        timeout: seconds from now to the answer, waiting for one's turn included. Raises InvalidCall before anything is
        sent when the version does not know the action or the payload breaks its schema.
        """
        if action not in self._checks.to_station:
            raise InvalidCall(f"{action} is not sent to a station in {self.version}")
        if wrong := self._checks.request(action, payload):
            raise InvalidCall(f"{action}: {wrong[1]}")
        if self._closed:
            return Offline(sent=False)
        if self._queued >= self._limits.calls:
            return Busy()
        pending: _Pending | None = None
        self._queued += 1
        try:
            async with asyncio.timeout(self._limits.call_timeout if timeout is None else timeout), self._turn:
                if not self.is_open:
                    return Offline(sent=False)
                pending = self._pending = _Pending(str(uuid7()), action, asyncio.get_running_loop().create_future())
                if not await self._send(framing.write_call(pending.id, action, payload), action, pending.id):
                    return Offline(sent=True)
                return await pending.reply
        except TimeoutError:
            return TimedOut(sent=pending is not None)
        finally:
            self._queued -= 1
            if pending is not None and (not pending.reply.done() or pending.reply.cancelled()):
                self._abandoned.append(pending.id)
            if self._pending is pending:
                self._pending = None

    async def alive(self, within: float) -> bool:
        """Whether the station answers a ping."""
        try:
            async with asyncio.timeout(within):
                await (await self._socket.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return True

    def beat(self, now: float) -> None:
        """Called every now and then (`now` is monotonic time): ping a silent station, cut off a dead or deaf one.

        Not the keep-alive of `websockets`: that one takes a station for dead whose pong waits behind a burst that we
        ourselves are slow to read.
        """
        if self._writing and now - self._writing[0] > self._limits.sending:
            log.warning("station_does_not_read", station=self.station.key)
            self._socket.transport.abort()
        silent = now - self.last_seen
        if self._held or self._closed:
            return
        if silent > self._limits.ping + self._limits.pong:
            log.info("station_silent", station=self.station.key)
            self._socket.transport.abort()
        elif silent > self._limits.ping and (self._pinging is None or self._pinging.done()):
            self._pinging = asyncio.create_task(self._ping())

    async def _ping(self) -> None:
        if await self.alive(self._limits.pong):
            self.last_seen = monotonic()

    async def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Stop reading, answer what was read, say goodbye; returns when the handler's `disconnected` has returned.

        Not to be awaited inside `Handler.handle`.
        """
        self.leave(code, reason)
        await self.done.wait()

    def leave(self, code: int, reason: str) -> None:
        """Like `close`, without waiting: it ends by itself. May be called in `Handler.connected`, which nothing follows then."""
        self._goodbye = (code, reason)
        self.shut()
        if self._reader is not None:
            self._reader.cancel()

    def shut(self) -> None:
        """No call is accepted any more, and the outstanding one ends."""
        self._closed = True
        if self._pending is not None and not self._pending.reply.done():
            self._pending.reply.set_result(Offline(sent=True))

    # Reading

    async def _read(self) -> None:
        try:
            while True:
                text = await self._socket.recv()
                self.last_seen = monotonic()
                if isinstance(text, bytes):
                    self._goodbye = (CloseCode.UNSUPPORTED_DATA, "OCPP-J is text")
                    return
                self._held = True
                if not await self._take(text, framing.read(text, self.version)):
                    self._goodbye = (CloseCode.POLICY_VIOLATION, "this is not OCPP-J")
                    return
                if wait := self._share.wait(len(text), monotonic()):
                    await asyncio.sleep(wait)
                # While we did not read, it could not show that it lives.
                self._held, self.last_seen = False, monotonic()
        except ConnectionClosed:
            if self._endings is not None and (wait := self._endings.wait(monotonic())):
                await asyncio.sleep(wait)  # whoever takes the seat meanwhile ends it

    async def _take(self, text: str, message: Message) -> bool:
        """Hand a message on; False when the station has sent nothing but noise for too long."""
        if isinstance(message, Call | Fault):
            noise = isinstance(message, Fault) and message.id == framing.UNREADABLE_ID
            self._unreadable = self._unreadable + 1 if noise else 0
            self._note(text, message)
            await self._inbox.put((text, message))
            return self._unreadable < self._limits.unreadable
        if isinstance(message, Ignored):
            self._note(text, message)
        else:
            self._settle(text, message)
        await asyncio.sleep(0)
        return True

    def _settle(self, text: str, message: CallResult | CallFailed) -> None:
        """Give an answer to the call it belongs to."""
        pending = self._pending
        if pending is None or pending.id != message.id or pending.reply.done():
            late = message.id in self._abandoned
            self._note(text, message, "a late answer" if late else "an answer to no call")
            return
        outcome: Outcome
        if isinstance(message, CallFailed):
            outcome = Rejected(message.code, message.description, message.details)
        elif wrong := self._checks.answer(pending.action, message.payload):
            outcome = Rejected(code_of(wrong[0], self.version), wrong[1], malformed=True)
        else:
            outcome = Answered(message.payload)
        malformed = outcome.description if isinstance(outcome, Rejected) and outcome.malformed else None
        self._note(text, message, malformed, pending.action)
        pending.reply.set_result(outcome)

    # Answering

    async def _work(self) -> None:
        while (item := await self._inbox.get()) is not None:
            text, message = item
            answer = await self._answer(text, message)
            await self._send(answer, message.action, message.id)
            await asyncio.sleep(0)

    async def _answer(self, text: str, message: Call | Fault) -> str:
        """The text of the answer: the same one when the same message comes again."""
        known, mark = self._answered.get(message.id), _mark(text)
        if known is not None and known[0] == mark:
            return known[1]
        if isinstance(message, Fault):
            return framing.write_fault(message, self.version)
        if known is not None:
            return self._fault(message, Problem.REUSED_ID, "the message id was used for another message")
        result = await self._handle(message)
        if isinstance(result, Refusal):
            answer = self._fault(message, result.problem, result.detail or result.problem.value)
            if result.problem is Problem.INTERNAL:
                return answer  # a second attempt may succeed
        else:
            answer = framing.write_result(message.id, result)
        self._answered[message.id] = (mark, answer)
        if len(self._answered) > self._limits.answered:
            self._answered.popitem(last=False)
        return answer

    async def _handle(self, call: Call) -> Payload | Refusal:
        try:
            async with asyncio.timeout(self._limits.handling):
                result = await self._handler.handle(self.station, self.version, call.action, call.payload)
        except Exception as error:
            log.error("station_message_failed", action=call.action, error=type(error).__name__, exc_info=True)
            return Refusal(Problem.INTERNAL)
        if isinstance(result, Refusal):
            return result
        if wrong := self._checks.answer(call.action, result):
            log.error("station_answer_invalid", action=call.action, problem=wrong[1])
            return Refusal(Problem.INTERNAL)
        return result

    def _fault(self, call: Call, problem: Problem, detail: str) -> str:
        return framing.write_fault(Fault(call.id, problem, detail), self.version)

    async def _send(self, text: str, action: str | None, message_id: str) -> bool:
        """Write a frame; False when the connection is gone. `beat` cuts off a station that does not read it."""
        started = monotonic()
        self._writing.append(started)
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            return False
        finally:
            self._writing.remove(started)
        self._journal.frame(Frame(clock.now(), self.station, self.version, False, text, action, message_id))
        return True

    def _note(self, text: str, message: Message, problem: str | None = None, action: str | None = None) -> None:
        if isinstance(message, Fault):
            problem = message.detail
        elif isinstance(message, Ignored):
            problem = message.reason
        if isinstance(message, Call | Fault):
            action = message.action
        message_id = None if isinstance(message, Ignored) else message.id
        if problem is not None and len(text) > LONGEST_REFUSED:
            text = framing.outline(message, len(text))  # nobody reads a megabyte of noise, nor looks for secrets in it
        self._journal.frame(Frame(clock.now(), self.station, self.version, True, text, action, message_id, problem))


def _mark(text: str) -> str:
    """What a message is known again by: the text, of a long one its digest, since many are remembered."""
    return text if len(text) <= _LONGEST_MARK else sha256(text.encode()).hexdigest()
