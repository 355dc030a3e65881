#!/usr/bin/env bash
# A database as its own user: made, started, asked by four clients at once, stopped.    postgres.sh FOLDER-OF-PROGRAMS
set -eu
PATH=$1:$PATH
as_owner() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
mkdir data socket
[ "$(id -u)" -ne 0 ] || chown postgres data socket
as_owner initdb -D "$PWD/data" --no-sync --locale=C --encoding=UTF8 -A trust -U postgres >initdb.log 2>&1
as_owner pg_ctl -D "$PWD/data" -w -t 120 -l "$PWD/socket/log" -o "-k $PWD/socket -c listen_addresses= -c fsync=off" start >start.log
ask() { psql -X -q -A -t -h "$PWD/socket" -U postgres postgres "$@"; }
ask -c 'create table orders as select n as id, md5(n::text) as hash from generate_series(1, 20000) n'
ask -c 'create index on orders (hash)' -c 'analyze orders'
for client in 1 2 3 4; do
    ask -c "select $client, count(*), min(hash) from orders where id % 4 = $client - 1" >"answer.$client" &
done
wait
cat answer.*
ask -c "select count(*) from orders a join orders b on a.hash > b.hash where a.id < 100 and b.id < 100"
ask -c "do \$\$ begin for i in 1..2000 loop perform repeat('x', i); end loop; end \$\$"
status=0
ask -c 'select no_such_column' 2>&1 || status=$?
ask -c 'vacuum full orders'
as_owner pg_ctl -D "$PWD/data" -w -m fast stop >stop.log
exit "$status"
