"""Follows one channel with Debian's python3-socketio, by docs/sockets.md alone.

TOKEN=... python-client.py URL TRANSPORT CHANNEL [EPOCH OFFSET]

Prints one JSON object per line: what subscribe answered, and every event in order.
"""

import json
import os
import sys

import engineio
import socketio

url, transport, channel = sys.argv[1:4]
position = {}
if len(sys.argv) > 4:
    position = {"epoch": sys.argv[4], "offset": int(sys.argv[5])}


class InOrder(engineio.Client):
    """The library gives each packet a thread of its own, which may overtake one another."""

    def _trigger_event(self, event, *args, **kwargs):
        if event == "message":
            kwargs["run_async"] = False
        return super()._trigger_event(event, *args, **kwargs)


class Client(socketio.Client):
    def _engineio_client_class(self):
        return InOrder


client = Client(reconnection_delay=0.2, reconnection_delay_max=1)


def say(kind, value):
    print(json.dumps({kind: value}), flush=True)


def take(event):
    position.update(epoch=event["epoch"], offset=event["offset"])
    say("event", event)


def on_subscribed(answer):
    if not answer["ok"]:
        say("refused", answer["error"])
        return client.start_background_task(subscribe_again)
    say("subscribed", {"replica": client.eio.sid[0], **answer, "events": len(answer["events"])})
    for event in answer["events"]:
        take(event)
    position.update(epoch=answer["epoch"], offset=answer["offset"])


def subscribe_again():
    client.sleep(0.5)
    if client.connected:
        subscribe()


@client.on("connect")
def subscribe():
    client.emit("subscribe", {"channel": channel, **position}, callback=on_subscribed)


client.on("event", take)
client.connect(url, auth={"token": os.environ["TOKEN"]}, transports=[transport])
client.wait()
