"""What weather refuses, and how it says so."""

from gridloom.kernel.errors import Invalid, NotFound, Unavailable


class BeyondReach(NotFound):
    """No point with this signal lies near enough to say anything about the position."""

    code = "weather_beyond_reach"
    text = "There is no weather for this signal near this position."


class WrongPosition(Invalid):
    """The latitude or longitude is no place on earth."""

    code = "weather_position_invalid"
    text = "The position is not valid."


class WrongFile(Invalid):
    """A weather file that cannot be taken; nothing of it was stored. `problems` says what is wrong, row by row."""

    code = "weather_file_invalid"
    text = "The weather file is not valid."

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class WeatherUnavailable(Unavailable):
    """The weather partner did not answer, or with something that is no weather."""

    code = "weather_partner_unavailable"
    text = "The weather service is not available at the moment."


class WeatherRefused(Unavailable):
    """The weather partner understood the question and refuses to answer it; asking again the same way is no use."""

    code = "weather_partner_refused"
    text = "The weather service refused the request."
