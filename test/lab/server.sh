#!/bin/bash
# Process 1 of a lab server, inside its own network, mount, pid and uts namespaces (see up.mjs). It puts private folders
# over everything that is written to, makes the rest read-only, makes the accounts and starts sshd and libvirtd.
# From the environment: LAB_FOLDER (of this server), LAB_NAME, LAB_LIBVIRT (yes|no).
set -eu
umask 022
hostname "$LAB_NAME"
cd /

private() { mount --bind "$LAB_FOLDER/$1" "$2"; }
private etc /etc
private home /home
private root /root
private run /run
private tmp /tmp
private var-tmp /var/tmp
private var-log /var/log
if [ "$LAB_LIBVIRT" = yes ]; then
  private var-lib-libvirt /var/lib/libvirt
  private var-cache-libvirt /var/cache/libvirt
  # The software TPM of machines signs certificates with an authority of its own.
  if [ -d /var/lib/swtpm-localca ]; then
    chown tss "$LAB_FOLDER/var-lib-swtpm-localca" "$LAB_FOLDER/var-log/swtpm/libvirt/qemu"
    private var-lib-swtpm-localca /var/lib/swtpm-localca
  fi
else
  # A server without libvirt: its tools are not there at all.
  mkdir -p /run/lab-bin
  mount --bind /usr/bin /run/lab-bin
  mount -t tmpfs -o mode=755,nosuid tmpfs /usr/bin
  PATH=/run/lab-bin:$PATH
  ln -s -t /usr/bin /run/lab-bin/*
  rm -f /usr/bin/virsh /usr/bin/virt-* /usr/bin/qemu-*
  mount -o remount,ro /usr/bin
fi
mount -t tmpfs tmpfs /dev/shm
private folder-cover "$LAB_ROOT"
mount -o remount,bind,ro /

mkdir -p /run/sshd /run/lock
while IFS=: read -r user shell groups password; do
  [ "$user" = root ] || useradd --create-home --shell "$shell" ${groups:+--groups "$groups"} "$user"
  home=$(getent passwd "$user" | cut -d: -f6)
  install -d -m 700 -o "$user" -g "$user" "$home/.ssh"
  install -m 600 -o "$user" -g "$user" /etc/lab/authorized_keys "$home/.ssh/authorized_keys"
done </etc/lab/accounts
chpasswd </etc/lab/passwords
rm /etc/lab/passwords
install -m 644 -o op-noisy -g op-noisy /etc/lab/noisy-bashrc /home/op-noisy/.bashrc
install -m 400 -o op-code -g op-code /etc/lab/google_authenticator /home/op-code/.google_authenticator

/usr/sbin/sshd -D -f /etc/lab/sshd_config -E /var/log/sshd.log &
echo $! >/run/sshd-lab.pid

if [ "$LAB_LIBVIRT" = yes ]; then
  virtlogd -d
  libvirtd -d
  until virsh -q list >/dev/null 2>&1; do sleep 0.1; done
  # Networks of the machine's own configuration may start by themselves.
  virsh -q net-start default >/dev/null 2>&1 || virsh -q net-info default | grep -q 'Active:.*yes'
  for definition in /etc/lab/guests/*.xml; do
    [ -e "$definition" ] && virsh -q define "$definition"
  done
  while read -r uuid; do virsh -q autostart "$uuid" >/dev/null; done </etc/lab/guests/autostart
  while read -r uuid; do virsh -q start "$uuid" >/dev/null; done </etc/lab/guests/start
fi
: >/run/lab-ready
# As process 1 it takes in the orphans and ends only with the namespace.
while :; do
  sleep 3600 &
  wait $! || :
done
