"""Start what the SageMaker scikit-learn container starts: nginx in front of gunicorn and Flask, on a socket.

The settings are those of aws/sagemaker-containers (_server.py and its nginx.conf.template): a gevent worker a
core, HTTP/1.0 to a socket behind a proxy with one process per core that writes an access log.

    sagemaker_serve.py 8080 2 /tmp/folder     port, workers, folder for the socket and the logs
"""

import grp
import os
import pwd
import subprocess
import sys
from pathlib import Path

CONFIGURATION = """
daemon off;
user {user} {group};
worker_processes auto;
worker_rlimit_nofile 4096;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 2048; }}
http {{
  default_type application/octet-stream;
  access_log {folder}/nginx-access.log combined;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream gunicorn {{ server unix:{folder}/gunicorn.sock; }}
  server {{
    listen 127.0.0.1:{port} deferred;
    client_max_body_size 0;
    location ~ ^/(ping|invocations|execution-parameters) {{
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Host $http_host;
      proxy_redirect off;
      proxy_read_timeout 60s;
      proxy_pass http://gunicorn;
    }}
  }}
}}
"""


def main(port: str, workers: str, folder: str) -> int:
    Path(folder).mkdir(parents=True, exist_ok=True)
    configuration = Path(folder, "nginx.conf")
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    text = CONFIGURATION.format(port=port, folder=folder, user=user, group=group)
    configuration.write_text(text)
    nginx = subprocess.Popen(["nginx", "-c", configuration, "-p", folder])
    gunicorn = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "--timeout", "60", "-k", "gevent",
            "-b", f"unix:{folder}/gunicorn.sock", "--worker-connections", str(1000 * int(workers)),
            "-w", workers, "--log-level", "info", "sagemaker_app:app",
        ]
    )  # fmt: skip
    try:
        return gunicorn.wait()
    finally:
        nginx.terminate()
        nginx.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
