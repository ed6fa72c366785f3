"""The same 24 resources as cluster/roles/bench/role.ts."""

from os.path import dirname, join

from pyinfra import host
from pyinfra.operations import apt, files, server, systemd

TEMPLATES = join(dirname(__file__), "..", "cluster", "roles", "bench", "templates")

apt.packages(name="Packages", packages=["pv", "time", "tree"], no_recommends=True)

for user in ("benchone", "benchtwo"):
    server.user(
        name=f"User {user}",
        user=user,
        system=True,
        shell="/usr/sbin/nologin",
        home=f"/opt/bench/data/{user}",
        create_home=False,
        ensure_home=False,
        comment="bench",
    )

for path, mode, owner in (
    ("/opt/bench", "755", "root"),
    ("/opt/bench/conf", "750", "root"),
    ("/opt/bench/data", "700", "root"),
    ("/opt/bench/log", "755", "benchone"),
):
    files.directory(name=f"Directory {path}", path=path, mode=mode, user=owner, group=owner)

files.template(
    name="The file that changes",
    src=join(TEMPLATES, "app.conf.hbs"),
    dest="/opt/bench/conf/app.conf",
    mode="640",
    user="root",
    group="root",
    generation=host.data.generation,
)

for source, path, mode in (
    ("one.conf", "/opt/bench/conf/one.conf", "640"),
    ("two.conf", "/opt/bench/conf/two.conf", "640"),
    ("three.conf", "/opt/bench/conf/three.conf", "640"),
    ("profile.sh", "/etc/profile.d/bench.sh", "644"),
    ("unit.service", "/etc/systemd/system/bench-one.service", "644"),
    ("unit.service", "/etc/systemd/system/bench-two.service", "644"),
):
    files.put(name=f"File {path}", src=join(TEMPLATES, source), dest=path, mode=mode, user="root", group="root")

for path, target in (("/opt/bench/current", "/opt/bench/data"), ("/opt/bench/conf/active.conf", "app.conf")):
    files.link(name=f"Link {path}", path=path, target=target)

for key, value in (
    ("net.ipv4.tcp_keepalive_time", "600"),
    ("net.ipv4.tcp_fin_timeout", "30"),
    ("net.ipv4.ip_local_port_range", "20000 60000"),
    ("net.core.somaxconn", "2048"),
):
    server.sysctl(name=f"Kernel parameter {key}", key=key, value=value, persist=True, persist_file="/etc/sysctl.d/90-picluster.conf")

for service in ("bench-one", "bench-two"):
    systemd.service(name=f"Service {service}", service=f"{service}.service", enabled=True, running=True)
