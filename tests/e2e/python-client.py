"""Follows one channel with python3-socketio of Debian, as docs/sockets.md describes.

TOKEN=... python-client.py URL TRANSPORT CHANNEL [EPOCH OFFSET]

Prints one JSON object per line: the result of each subscribe, and all events in order.
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
    """Handles packets in order; the library handles each one in its own thread."""

    def _trigger_event(self, event, *args, **kwargs):
        if event == "message":
            kwargs["run_async"] = False
        return super()._trigger_event(event, *args, **kwargs)


class Client(socketio.Client):
    def _engineio_client_class(self):
        return InOrder


client = Client(reconnection_delay=0.2, reconnection_delay_max=1)


def report(kind, value):
    print(json.dumps({kind: value}), flush=True)


def handle_event(event):
    position.update(epoch=event["epoch"], offset=event["offset"])
    report("event", event)


def on_subscribed(result):
    if not result["ok"]:
        report("refused", result["error"])
        return client.start_background_task(subscribe_again)
    report("subscribed", {"replica": client.eio.sid[0], **result, "events": len(result["events"])})
    for event in result["events"]:
        handle_event(event)
    position.update(epoch=result["epoch"], offset=result["offset"])


def subscribe_again():
    client.sleep(0.5)
    if client.connected:
        subscribe()


@client.on("connect")
def subscribe():
    client.emit("subscribe", {"channel": channel, **position}, callback=on_subscribed)


client.on("event", handle_event)
client.connect(url, auth={"token": os.environ["TOKEN"]}, transports=[transport])
client.wait()
