"""What travels in an OCPP-J frame: framing, schemas, refusals, and the numbers of meter values.

`framing.read` turns the text of a frame into a `Call`, `CallResult`, `CallFailed`, `Ignored` or a precise `Fault`;
`framing.write_*` make the text of ours; `samples` reads meter values of both versions into one form.
"""
