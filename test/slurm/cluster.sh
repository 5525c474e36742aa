#!/usr/bin/env bash
# A private Slurm on the loopback interface, one controller and four nodes on this host, and
# a sweep on it through "machlup slurm --submit" that loses jobs, a batch script and a node
# on the way. Its csv/ must equal, byte for byte, that of a run without a cluster.
#
#   test/slurm/cluster.sh bin/machlup
#
# Needs slurmctld, slurmd and munged (Debian: slurm-wlm, munge). Everything is in a temporary
# directory; all daemons end with this script.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf 'slurm-test %3ds: %s\n' "$SECONDS" "$*"; }
die() { say "FAILED: $*" >&2; exit 1; }

absent=
for program in slurmctld slurmd munged sbatch squeue scontrol scancel sinfo; do
	PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || absent+=" $program"
done
export PATH=$PATH:/usr/sbin:/sbin
if [ -n "$absent" ]; then
	echo "slurm-test: SKIPPED: missing:$absent (Debian and Ubuntu: apt-get install slurm-wlm munge)" >&2
	[ "${CI:-}" != true ] || die "CI=true forbids the skip"
	exit 0
fi

machlup=$(realpath "${1:?usage: cluster.sh PROGRAM}")
sweep=$PWD/test/slurm/sweep.toml
top=$(mktemp -d)
export SLURM_CONF=$top/slurm.conf
unset ${!SBATCH_*} ${!SQUEUE_*} ${!SLURM_JOB*} ${!SLURM_ARRAY*} 2>/dev/null || true

# Processes of this cluster are known by the configuration in their environment.
ours() { # [PROGRAM]: their ids
	local p
	for p in /proc/[0-9]*; do
		if grep -zqxF "SLURM_CONF=$SLURM_CONF" "$p/environ" 2>/dev/null &&
			[ "${p#/proc/}" != $$ ] && { [ $# = 0 ] || [ "$(cat "$p/comm" 2>/dev/null)" = "$1" ]; }; then
			echo "${p#/proc/}"
		fi
	done
}
stop_daemon() { # PIDFILE: by its id, and wait until it is gone
	[ -s "$1" ] || return 0
	local pid
	pid=$(cat "$1")
	kill "$pid" 2>/dev/null || return 0
	for _ in $(seq 50); do
		[ -e "/proc/$pid" ] && ! grep -q '^State:\s*Z' "/proc/$pid/status" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -9 "$pid" 2>/dev/null || true
}
cleanup() {
	local status=$? pid
	trap - EXIT
	set +e
	[ $status = 0 ] || { say "logs of the failure:"; tail -n 15 "$top"/log/*.log "$top"/*/out/slurm/*/log/* 2>/dev/null; }
	[ -n "${local_run:-}" ] && kill "$local_run" 2>/dev/null
	[ -s "$top/run/slurmctld.pid" ] && timeout 5 scancel --user="$(id -un)" >/dev/null 2>&1
	for pid in $(ours slurmstepd) $(ours machlup); do kill -CONT "$pid"; kill -9 "$pid"; done 2>/dev/null
	for n in 1 2 3 4; do stop_daemon "$top/run/n$n.pid"; done
	stop_daemon "$top/run/slurmctld.pid"
	stop_daemon "$top/munge/pid"
	rm -rf "$top"
	[ $status != 0 ] || say "passed"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT TERM

wait_for() { # SECONDS WHAT COMMAND…
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		[ $SECONDS -lt $end ] || die "waited in vain for $what"
		sleep 0.2
	done
}

# Five ports in a row that nobody listens on.
free_ports() {
	local base p
	for _ in $(seq 50); do
		base=$((20000 + RANDOM % 12000))
		for p in 0 1 2 3 4; do
			! (exec 3<>"/dev/tcp/127.0.0.1/$((base + p))") 2>/dev/null || continue 2
		done
		echo "$base"
		return
	done
	return 1
}

start_node() { slurmd -N "n$1" -f "$SLURM_CONF"; }

start_cluster() {
	local port user
	user=$(id -un)
	port=$(free_ports) || die "no free ports"
	chmod 755 "$top"
	mkdir -p "$top"/{run,state,log} "$top"/spool/n{1,2,3,4}
	mkdir -m 700 "$top/munge"
	(umask 077 && head -c 1024 /dev/urandom >"$top/munge/key")
	munged --force --key-file="$top/munge/key" --socket="$top/munge/socket" --pid-file="$top/munge/pid" \
		--log-file="$top/munge/log" --seed-file="$top/munge/seed" >/dev/null 2>&1 || die "munged: $(cat "$top/munge/log")"
	cat >"$SLURM_CONF" <<CONF
ClusterName=private
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$top/munge/socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$top/state
SlurmdSpoolDir=$top/spool/%n
SlurmctldPidFile=$top/run/slurmctld.pid
SlurmdPidFile=$top/run/%n.pid
SlurmctldLogFile=$top/log/slurmctld.log
SlurmdLogFile=$top/log/%n.log
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
EnforcePartLimits=ALL
ReturnToService=2
SlurmdTimeout=10
KillWait=2
MaxArraySize=4
JobRequeue=1
NodeName=n[1-4] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$((port + 1))-$((port + 4)) CPUs=1 RealMemory=1000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
	slurmctld -f "$SLURM_CONF"
	for n in 1 2 3 4; do start_node $n; done
	wait_for 20 "four idle nodes" four_idle
}
four_idle() { [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 4 ]; }

# The names that a run meets in scripts are as bad as they get.
work="$top/a dir \$(touch pwned) \"q' ;# %a & é"
mkdir -p "$work"
cp "$sweep" "$work/sweep; touch pwned.toml"

queued() { squeue -h -r -o '%K %T %N' --me; }
queue_empty() { [ -z "$(queued)" ]; }
holder() { # SHARD: the process that holds it, as its lock says
	sed -n 's/^ *"pid": \([0-9]*\),$/\1/p' "$out/shard-$1-of-$shards.lock" 2>/dev/null
}
at_work() { local p; p=$(holder "$1"); [ -n "$p" ] && [ "$p" != "${2:-}" ] && [ -e "/proc/$p" ]; }
parts_of() { # SHARD: published parts
	local hash n=0
	for hash in $(sed -n "$(($1 + 1))p" "$out/slurm/001/packing.jsonl" | grep -oE '"[0-9a-f]{16}"' | tr -d '"'); do
		n=$((n + $(find "$out/tasks/$hash" -name 'part-*' 2>/dev/null | wc -l)))
	done
	echo "$n"
}
has_parts() { at_work "$1" && [ "$(parts_of "$1")" -ge 1 ]; }
node_of() { # PID: the node whose job it is
	tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^SLURM_JOB_NODELIST=n//p'
}
job_of() { # PID: ARRAY_ELEMENT
	tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^SLURM_ARRAY_JOB_ID=//p; s/^SLURM_ARRAY_TASK_ID=/_/p' | LC_ALL=C sort | tr -d '\n'
}
submit() {
	(cd "$work" && "$machlup" slurm "./sweep; touch pwned.toml" --out out --submit --element 7s --seconds-per-evaluation 50e-9 \
		--time 1m --warn 20s --mem 100M --sbatch "--comment=\$(touch pwned) \"q' \\ # %a;" "$@")
}

say "a private cluster on 127.0.0.1"
start_cluster
"$machlup" run "$sweep" --out "$top/reference" --quiet >/dev/null &
local_run=$!

out=$work/out
submit
shards=$(wc -l <"$out/slurm/001/packing.jsonl")
[ "$(find "$out/slurm/001" -name 'array-*.sbatch' | wc -l)" = $(((shards + 3) / 4)) ] || die "$shards elements are not split at MaxArraySize 4"
[ "$shards" -ge 5 ] || die "$shards elements: too few to lose some"
! submit 2>"$top/again" || die "submitted twice"
grep -q 'of an earlier submission in the queue' "$top/again" || die "refused the second submission in other words: $(cat "$top/again")"
scontrol show job "$(squeue -h -o %F --me | sort -n | sed -n 1p)" >"$top/job"
grep -qF "Comment=\$(touch pwned) \"q' \\ # %a;" "$top/job" || die "sbatch read another comment: $(grep Comment "$top/job")"

wait_for 40 "four elements with a part" eval 'has_parts 0 && has_parts 1 && has_parts 2 && has_parts 3'
"$machlup" status "$out" >"$top/status"
grep -q 'Slurm .*running on n' "$top/status" && grep -q 'shard 0/' "$top/status" || die "status says $(cat "$top/status")"

say "a node is lost while its process hangs; a batch script is killed; a job is cancelled, another warned"
lost=$(holder 0)
node=$(node_of "$lost")
kill -STOP "$lost"
slurmd_pid=$(cat "$top/run/n$node.pid")
kill -9 "$slurmd_pid"
kill -9 "$(holder 1)"
warned=$(job_of "$(holder 3)")
scancel --batch --signal=TERM "$warned"
cancelled=$(job_of "$(holder 2)")
scancel "$cancelled"
wait_for 15 "the end of the cancelled job $cancelled" eval '! at_work 2'

wait_for 60 "element 0 on another node" at_work 0 "$lost"
say "element 0 runs again elsewhere; the lost process wakes up"
kill -CONT "$lost"
wait_for 20 "the end of the lost process" eval '! [ -e /proc/$lost ] || grep -q "^State:.Z" /proc/$lost/status 2>/dev/null'
start_node "$node"

say "waiting for the other elements"
wait_for 100 "an empty queue" queue_empty
cat "$out"/slurm/001/log/* >"$top/log/all.log"
grep -q "job $warned will run again and go on from there" "$top/log/all.log" || die "the warned job $warned did not ask to run again"
grep -q 'is fenced off' "$top/log/all.log" || die "no log says that element 0 was taken over"
grep -q 'was taken over or deleted while this process held it' "$top/log/all.log" || die "the lost process does not say why it stopped"
grep -q 'merged .* of 24 tasks' "$out"/slurm/001/log/merge-* && grep -q 'missing: stationary' "$out"/slurm/001/log/merge-* ||
	die "the merge does not say what is missing: $(cat "$out"/slurm/001/log/merge-*)"

say "what the killed and the cancelled job left is submitted again"
wait_for 20 "four idle nodes" four_idle
submit
wait_for 90 "an empty queue" queue_empty
! grep -q missing: "$out"/slurm/002/log/merge-* || die "tasks are missing: $(cat "$out"/slurm/002/log/merge-*)"
"$machlup" status "$out" >"$top/status"
grep -q ': finished$' "$top/status" || die "status says $(cat "$top/status")"
submit >"$top/third"
grep -q 'nothing to do: all 24 tasks are finished' "$top/third" || die "a third submission says $(cat "$top/third")"

wait "$local_run" || die "the local run"
local_run=
diff -r "$top/reference/csv" "$out/csv" || die "csv/ differs from the local run"
[ -z "$(find "$top" -name '*pwned*' ! -name '*touch pwned*')" ] || die "a name was executed: $(find "$top" -name '*pwned*')"
find "$out/tasks" \( -name '.stage*' -o -name '*.tmp-*' \) | grep . && die "left behind"
say "csv/ equals that of the local run: $(ls "$out/csv" | wc -l) files; $(cat "$out"/slurm/*/log/* | grep -c 'will run again') times a warned job asked to run again"
