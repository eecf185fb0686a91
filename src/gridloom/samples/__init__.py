"""The sample of an energy community: fifteen households, three photovoltaic roofs, and their weather.

Quarter hours from 1 March to 4 April 2026 (Europe/Brussels): a whole month, with a Sunday of 23 hours. Nothing in it was
measured: `make.py` computes it from standard load profiles, solar geometry and repeatable noise, and gives the same
bytes every time. `energy.csv` holds the kWh of each quarter hour, one column for each meter; `points.csv` says whose
they are; `weather.csv` is a weather file. `readings.py` unfolds the energy into the long form that `gridloom import
readings` takes.
"""
