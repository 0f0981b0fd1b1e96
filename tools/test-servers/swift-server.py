"""OpenStack Swift with its S3 API, in one process on free ports.

swift-server.py DIRECTORY USER ACCESS_KEY SECRET_KEY: prints its URL when it is ready, and ends with its input.
Started again in the same directory, it has the same ports and data.
"""
import json
import os
import sys
from time import time as clock

import eventlet

eventlet.monkey_patch()
from eventlet import wsgi
from swift.common import utils

directory, user, access_key, secret_key = sys.argv[1:]
account, name = access_key.split(":")
etc, devices = os.path.join(directory, "etc"), os.path.join(directory, "devices")
os.makedirs(etc, exist_ok=True)
os.makedirs(os.path.join(devices, "one"), exist_ok=True)
utils.SWIFT_CONF_FILE = os.path.join(etc, "swift.conf")


def write(file, text):
    path = os.path.join(etc, file)
    with open(path, "w") as out:
        out.write(text)
    return path


write("swift.conf", """[swift-hash]
swift_hash_path_suffix = a
swift_hash_path_prefix = b
[storage-policy:0]
name = one
default = yes
""")

from swift.common.ring import RingBuilder
from swift.common.wsgi import loadapp
from swift.common.http_protocol import SwiftHttpProtocol

DEFAULT = f"""[DEFAULT]
swift_dir = {etc}
devices = {devices}
mount_check = false
user = {user}
disable_fallocate = true
log_level = ERROR
"""
PROXY = f"""[pipeline:main]
pipeline = catch_errors healthcheck cache s3api tempauth slo dlo versioned_writes proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
paste.filter_factory = __main__:cache_filter
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
force_swift_request_proxy_log = false
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{name} = {secret_key} .admin
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
"""


class MemoryCache:
    """Replaces memcached."""

    def __init__(self):
        self.values = {}

    def get(self, key, raise_on_error=False):
        text, until = self.values.get(key, ("null", 0))
        return json.loads(text) if until > clock() else None

    def set(self, key, value, serialize=True, time=0, **_):
        self.values[key] = (json.dumps(value), clock() + (time or 60))

    def delete(self, key, server_key=None):
        self.values.pop(key, None)

    def incr(self, key, delta=1, time=0):
        value = max(0, (self.get(key) or 0) + int(delta))
        self.set(key, value, time=time)
        return value


def cache_filter(global_conf, **_):
    memory = MemoryCache()

    def add_cache(app):
        def handle(env, start_response):
            env["swift.cache"] = memory
            return app(env, start_response)

        return handle

    return add_cache


def listen(kind):
    port_file = os.path.join(etc, f"{kind}.port")
    port = int(open(port_file).read()) if os.path.exists(port_file) else 0
    for _ in range(100):
        try:
            socket = eventlet.listen(("127.0.0.1", port))
            break
        except OSError:
            # A closing connection may still use the port.
            eventlet.sleep(0.1)
    write(f"{kind}.port", str(socket.getsockname()[1]))
    return socket


def serve(socket, file):
    app = loadapp(file, global_conf={"log_name": os.path.basename(file)})
    no_log = open(os.devnull, "w")
    pool = eventlet.GreenPool(1024)
    eventlet.spawn(wsgi.server, socket, app, log=no_log, custom_pool=pool, protocol=SwiftHttpProtocol)


for kind in ("account", "container", "object"):
    socket = listen(kind)
    builder = RingBuilder(4, 1, 0)
    address = {"ip": "127.0.0.1", "port": socket.getsockname()[1]}
    builder.add_dev({"region": 1, "zone": 1, "device": "one", "weight": 1, **address})
    builder.rebalance()
    builder.get_ring().save(os.path.join(etc, f"{kind}.ring.gz"))
    app = f"[pipeline:main]\npipeline = {kind}-server\n[app:{kind}-server]\nuse = egg:swift#{kind}\n"
    serve(socket, write(f"{kind}.conf", DEFAULT + app))

proxy = listen("proxy")
serve(proxy, write("proxy.conf", DEFAULT + PROXY))
print(f"http://127.0.0.1:{proxy.getsockname()[1]}", flush=True)
eventlet.tpool.execute(sys.stdin.read)
os._exit(0)
