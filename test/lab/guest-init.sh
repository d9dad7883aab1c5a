#!/bin/busybox sh
# Process 1 of a lab guest (initrd of busybox and a few kernel modules). Idle: it sleeps. On its serial line it takes
# commands, one a line: burn SECONDS | write MIB | send PACKETS | eat MIB | say TEXT | run COMMAND | halt
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
for module in $(cat /modules/order); do insmod "/modules/$module"; done
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -F /dev/ttyS0 -echo
# The kernel's own words would mix with ours.
echo 1 >/proc/sys/kernel/printk
has() { grep -q -w "$1" /proc/cmdline; }

# A cloud-init seed: a disk with its label. What it says is said on the serial line.
for disk in /dev/vd[b-z]; do
  [ "$(dd if="$disk" bs=1 skip=32808 count=6 2>/dev/null)" = cidata ] || continue
  mkdir -p /seed
  mount -t iso9660 -o ro "$disk" /seed
  echo "seed for $(cat /seed/meta-data | tr '\n' ' ')"
done

ip link set lo up
ip link set eth0 up
# It asks until it is answered: the bridge lets nothing through at first.
udhcpc -i eth0 -q -t 5 -T 1 -A 1 -s /bin/on-dhcp >/dev/null 2>&1 &
(
  turn=0
  while :; do
    # A little of everything, so that rates are never zero for long.
    dd if=/dev/zero of=/dev/vda bs=65536 count=1 seek=$((turn % 256)) conv=notrunc,fsync 2>/dev/null
    dd if=/dev/vda of=/dev/null bs=65536 count=1 skip=$((turn % 256)) iflag=direct 2>/dev/null
    ping -c 1 -W 1 -s 1000 192.168.122.1 >/dev/null 2>&1
    turn=$((turn + 1))
    sleep 5
  done
) &

if ! has lab.deaf; then
  for event in /sys/class/input/event*; do
    [ "$(cat "$event/device/name")" = 'Power Button' ] || continue
    (
      dd if="/dev/input/${event##*/}" of=/dev/null bs=24 count=1 2>/dev/null
      echo 'lab guest halts'
      sync
      poweroff -f
    ) &
  done
fi

echo 'lab guest ready'
if has lab.probe; then poweroff -f; fi
while :; do
  # End of file happens while no one holds the other end.
  read -r command argument || { sleep 1; continue; }
  case $command in
    burn) timeout "$argument" sh -c 'while :; do :; done' & echo "burning for $argument s" ;;
    write) dd if=/dev/zero of=/dev/vda bs=1048576 count="$argument" conv=notrunc,fsync 2>/dev/null; echo "wrote $argument MiB" ;;
    send) ping -c "$argument" -i 0.02 -s 1400 192.168.122.1 >/dev/null 2>&1; echo "sent $argument packets" ;;
    eat) dd if=/dev/zero of=/tmp/eaten bs=1048576 count="$argument" 2>/dev/null; echo "ate $argument MiB" ;;
    say) echo "said $argument" ;;
    run) sh -c "$argument"; echo "ran with $?" ;;
    halt) sync; poweroff -f ;;
    '') ;;
    *) echo "unknown: $command" ;;
  esac
done
