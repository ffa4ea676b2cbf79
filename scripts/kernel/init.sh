#!/bin/busybox sh
# The first process of the emulated machine. It makes a root of the host's own (read-only, over 9p) under a layer in
# memory, makes it the root, runs the command in it, tells its exit code on the third serial port and powers off.
# run.mjs sets REPOSITORY in front of this file and puts the command into /command.
PATH=/bin
export PATH
/bin/busybox mkdir -p /proc /sys /dev /lower /memory /root /keep
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev

finish() {
  echo "$1" > /dev/ttyS2
  sync
  poweroff -f
  sleep 10
}
must() {
  "$@" && return
  echo "emulated machine: failed: $*" > /dev/ttyS1
  finish 125
}

stty -F /dev/ttyS1 raw

# SELinux first: what is mounted from here on is labelled as the policy says. The kernel takes it in one write. Node makes
# code in memory, which Debian's policy leaves to a boolean even for unconfined programs.
if [ -f /policy ]; then
  must mount -t selinuxfs selinuxfs /sys/fs/selinux
  must dd if=/policy of=/sys/fs/selinux/load bs=32M
  echo 1 > /sys/fs/selinux/booleans/allow_execmem
  echo 1 > /sys/fs/selinux/commit_pending_bools
  label="context=system_u:object_r:bin_t:s0,"
  place_label=",rootcontext=system_u:object_r:tmp_t:s0"
fi
while read -r module; do must insmod "/modules/$module"; done < /modules/order
must mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro hostroot /lower
must mount -t tmpfs -o mode=755 memory /memory
mkdir /memory/upper /memory/work
must mount -t overlay -o ${label}lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work root /root

# Containers need their own overlay, which cannot be stacked on this one: /tmp and /run are memory. The repository may
# lie under one of them, so it is kept aside and put back at its path.
must mount --bind "/root$REPOSITORY" /keep
for place in /tmp /run /var/tmp; do
  mkdir -p "/root$place"
  must mount -t tmpfs -o mode=1777$place_label memory "/root$place"
done
chmod 755 /root/run
mkdir -p "/root$REPOSITORY"
must mount --move /keep "/root$REPOSITORY"

must mount -t proc proc /root/proc
must mount -t sysfs sysfs /root/sys
must mount -t devtmpfs dev /root/dev
mkdir -p /root/dev/pts /root/dev/shm /root/lib/modules
must mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /root/dev/pts
must mount -t tmpfs -o mode=1777 shm /root/dev/shm
ln -sf /proc/self/fd /root/dev/fd
must mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /root/sys/fs/cgroup
mount -t securityfs securityfs /root/sys/kernel/security
if [ -f /policy ]; then
  must mount -t selinuxfs selinuxfs /root/sys/fs/selinux
  for device in null zero random urandom; do
    must chroot /root /usr/bin/chcon "system_u:object_r:${device}_device_t:s0" "/dev/$device"
  done
  must chroot /root /usr/bin/chcon system_u:object_r:null_device_t:s0 /dev/full
  must chroot /root /usr/bin/chcon system_u:object_r:devtty_t:s0 /dev/tty
fi
must mount --bind "/root$REPOSITORY/.setup/kernel/tree/lib/modules" /root/lib/modules
hostname emulated
ip link set lo up
cp /command /bin/busybox /root/run

# Processes other than this one live below the root of the cgroup tree, as on a machine with systemd.
for controller in cpuset cpu io memory hugetlb pids; do
  echo "+$controller" > /root/sys/fs/cgroup/cgroup.subtree_control
done
mkdir /root/sys/fs/cgroup/session

# What follows runs in the new root. A chroot alone would not do: the kernel makes no user namespaces in one.
cat > /root/run/init << 'END'
(
  echo 0 > /sys/fs/cgroup/session/cgroup.procs
  if [ -e /sys/fs/selinux/enforce ]; then # from the kernel's own domain to that of what init starts
    printf system_u:system_r:initrc_t:s0 > /proc/self/attr/current
    echo 1 > /sys/fs/selinux/enforce
  fi
  exec /bin/sh /run/command
) < /dev/null > /dev/ttyS1 2>&1
echo $? > /dev/ttyS2
/run/busybox sync
/run/busybox poweroff -f
END
cd /root || finish 125
must mount --move . /
exec chroot . /run/busybox sh /run/init
