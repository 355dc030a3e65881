#!/usr/bin/env bash
# nginx begun by root: its workers drop to www-data, and are replaced on SIGHUP.
set -eu
mkdir -p logs www && seq 1 20000 >www/numbers
cat >nginx.conf <<CONF
daemon on; pid $PWD/nginx.pid; worker_processes 2; error_log $PWD/logs/error.log; user www-data;
events { worker_connections 64; }
http { access_log $PWD/logs/access.log; client_body_temp_path $PWD/a; proxy_temp_path $PWD/b; fastcgi_temp_path $PWD/c;
uwsgi_temp_path $PWD/d; scgi_temp_path $PWD/e; gzip on; gzip_types *; gzip_min_length 1;
server { listen unix:$PWD/socket; root $PWD/www; location /not { return 404 "no\n"; } } }
CONF
nginx -e "$PWD/logs/error.log" -c "$PWD/nginx.conf"
get() { curl -s --unix-socket socket "http://x/$1"; }
for _ in $(seq 20); do get numbers; done | sha256sum
get not
server=$(cat nginx.pid)
ps -o user= --ppid "$server" | sort -u
kill -HUP "$server"
get numbers | tail -n 1
kill -QUIT "$server"
while kill -0 "$server" 2>/dev/null; do sleep 0.1; done
wc -l <logs/access.log
