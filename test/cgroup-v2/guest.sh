#!/bin/bash
# The first process of the guest. Prints "ok WHAT" or "not ok WHAT" for each check, and "end of checks" after the last.
export PATH=/mnt/bin:$NODE_FOLDER:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/mnt/home LANG=C BERTH_HOME=/mnt/cluster KUBECONFIG=/mnt/cluster/kubeconfig
cgroups=/sys/fs/cgroup

for module in $MODULES; do busybox insmod "$module" || echo "no module $module"; done
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t cgroup2 none $cgroups
mount -t tmpfs scratch /mnt
mkdir -p /mnt/bin /mnt/home /mnt/tmp /mnt/work /dev/shm /dev/pts
# Programs may stand in a temporary folder, so it stays readable below what is written to it.
mount -t overlay -o lowerdir=/tmp,upperdir=/mnt/tmp,workdir=/mnt/work tmp /tmp
for folder in /run /var/lib /var/log /dev/shm; do mount -t tmpfs scratch "$folder"; done
mount -t devpts pts /dev/pts
# This kernel has no tables for IPv4: services have to do without their rules.
printf '#!/bin/sh\n[ -p /dev/stdin ] && cat > /dev/null\nexit 0\n' > /mnt/bin/nft
chmod +x /mnt/bin/nft
ip link set lo up

check() { # WHAT GOT WANTED
  if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1: got $2 instead of $3"; fi
}
eventually() { # WHAT WANTED COMMAND...
  local what=$1 wanted=$2 got
  shift 2
  for _ in $(seq 60); do
    got=$("$@" 2> /dev/null)
    [ "$got" = "$wanted" ] && break
    sleep 2
  done
  check "$what" "$got" "$wanted"
}
state() { kubectl get pod "$1" -o "jsonpath={$2}"; }
# The group of the one container with this limit of memory, in bytes.
group_of() { grep -lx "$1" $(find $cgroups -path '*/kubepods/*/pod*/*' -name memory.max) | xargs -r dirname; }

cd /mnt
$BERTH up --detach --nodes 1 --port 7044
kubectl apply -f "$PODS"
eventually 'both containers run' 'true true' state busy '.status.containerStatuses[*].ready'
eventually 'a container that takes too much is killed' OOMKilled state greedy '.status.containerStatuses[0].state.terminated.reason'
limited=$(group_of $((64 * 1024 * 1024)))
check 'CPU is limited' "$(cat "$limited/cpu.max")" '20000 100000'
check 'CPU is weighted' "$(cat "$limited/cpu.weight")" 4
[ -e "$limited/memory.swap.max" ] && check 'nothing goes to swap' "$(cat "$limited/memory.swap.max")" 0
check 'a container dies whole' "$(cat "$limited/memory.oom.group")" 1
before=$(awk '/nr_throttled/ { print $2 }' "$limited/cpu.stat")
sleep 3
check 'who wants more than the limit waits' "$(awk -v b="$before" '/nr_throttled/ { print ($2 > b) }' "$limited/cpu.stat")" 1
check 'a container sees its own group' "$(kubectl exec busy -c limited -- cat /proc/self/cgroup)" '0::/'
kubectl patch pod busy --subresource resize --type strategic -p \
  '{"spec":{"containers":[{"name":"limited","resources":{"limits":{"cpu":"400m","memory":"96Mi"}}}]}}'
eventually 'CPU is changed in place' '40000 100000' cat "$limited/cpu.max"
eventually 'memory is changed in place' $((96 * 1024 * 1024)) cat "$limited/memory.max"
used() { kubectl top pod busy --no-headers | awk '{ print ($2 + 0 >= 100 && $2 + 0 <= 450) }'; }
eventually 'what is used is seen' 1 used
kubectl delete pod busy greedy
left() { find $cgroups -path '*/kubepods/*' -name 'pod*' | wc -l; }
eventually 'groups go with their pods' 0 left
$BERTH down --purge
check 'nothing is left' "$(find $cgroups -name '*berth*' | wc -l)" 0
echo 'end of checks'
echo o > /proc/sysrq-trigger
sleep 10
