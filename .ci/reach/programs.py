"""Programs that more than one part starts, each with a configuration of its own."""

from common import HOST, free_port

NGINX = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/nginx-error.log info;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host $host;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers off;
{servers}
}}
"""

SERVER = """
    server {{
        listen {host}:{port}{ssl}{default};
        server_name {name};
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        {extra}
        location / {{ proxy_pass {upstream}; }}
    }}
"""


class Nginx:
    """Collects servers, each on a port of its own, and starts nginx with them."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.servers = []

    def server(self, certificate, extra="", chain=None, port=None, name="_", ssl=" ssl"):
        """The port of a server with this certificate; a second name on the same port shares it."""
        default = " default_server" if port is None else ""
        port = port or free_port()
        self.servers.append(
            SERVER.format(
                host=HOST, port=port, default=default, name=name, certificate=chain or certificate.chain,
                key=certificate.key, extra=extra, upstream=self.upstream, ssl=ssl,
            )
        )  # fmt: skip
        self.port = port
        return port

    def start(self, suite):
        config = suite.directory / "nginx.conf"
        config.write_text(NGINX.format(directory=suite.directory, servers="".join(self.servers)))
        return suite.start(["nginx", "-e", suite.directory / "nginx-error.log", "-c", config], port=self.port)


TINYPROXY = """
Listen {host}
Port {port}
Timeout 20
MaxClients 20
LogLevel Warning
{extra}
"""


def tinyproxy(suite, extra=""):
    """The port of an HTTP proxy; `extra` are lines of its configuration."""
    port = free_port()
    config = suite.directory / f"tinyproxy-{port}.conf"
    config.write_text(TINYPROXY.format(host=HOST, port=port, extra=extra))
    suite.start(["tinyproxy", "-d", "-c", config], port=port)
    return port


def microsocks(suite, *login):
    """The port of a SOCKS5 proxy; `login` are its options for one."""
    port = free_port()
    suite.start(["microsocks", "-i", HOST, "-p", port, *login], port=port)
    return port
