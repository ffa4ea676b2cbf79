/** What the default seccomp filter, capabilities and user namespace refuse, tried from inside a real container. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TestAgent } from './agent.ts';

const attempts = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
static void tell(const char *what, long result) {
  printf("%s %s\\n", what, result < 0 ? strerrorname_np(errno) : "ok");
}
int main(void) {
  long args[16] = {0};
  tell("getpid", getpid());
  tell("socket-inet", socket(AF_INET, SOCK_STREAM, 0));
  tell("socket-alg", socket(38, SOCK_SEQPACKET, 0));
  tell("socket-vsock", socket(40, SOCK_STREAM, 0));
  tell("unshare-user", unshare(CLONE_NEWUSER));
  tell("unshare-net", unshare(CLONE_NEWNET));
  tell("clone-user", syscall(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0));
  tell("clone3", syscall(SYS_clone3, args, 64));
  tell("setns", setns(open("/proc/self/ns/net", O_RDONLY), 0));
  tell("mount", mount("none", "/tmp", "tmpfs", 0, ""));
  tell("umount", umount2("/proc", MNT_DETACH));
  tell("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
  tell("add_key", syscall(SYS_add_key, "user", "a", "b", 1, -1));
  tell("bpf", syscall(SYS_bpf, 0, args, 64));
  tell("perf_event_open", syscall(SYS_perf_event_open, args, 0, -1, -1, 0));
  tell("userfaultfd", syscall(SYS_userfaultfd, 0));
  tell("io_uring_setup", syscall(SYS_io_uring_setup, 1, args));
  tell("init_module", syscall(SYS_init_module, args, 8, ""));
  tell("kexec_load", syscall(SYS_kexec_load, 0, 0, 0, 0));
  tell("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0));
  tell("open_by_handle_at", syscall(SYS_open_by_handle_at, -1, args, 0));
  tell("swapon", syscall(SYS_swapon, "/x", 0));
  tell("unknown", syscall(9999));
  tell("sysctl", open("/proc/sys/kernel/core_pattern", O_WRONLY));
  tell("sysrq", open("/proc/sysrq-trigger", O_WRONLY));
  tell("kcore", open("/proc/1/root/proc/kcore", O_RDONLY) < 0 ? -1 : 0);
  return 0;
}`;

const agent = new TestAgent();
const tools = path.join(agent.directory, 'tools');

before(async () => {
  mkdirSync(tools);
  chmodSync(agent.directory, 0o711);
  writeFileSync(path.join(tools, 'attempts.c'), attempts);
  execFileSync('gcc', ['-static', '-w', '-o', path.join(tools, 'attempts'), path.join(tools, 'attempts.c')]);
  await agent.start();
});

after(() => agent.remove());

function outcomes(...options: string[]): Map<string, string> {
  const { status, out, err } = agent.docker(
    'run',
    '--rm',
    '-v',
    `${tools}:/tools:ro`,
    ...options,
    'busybox',
    '/tools/attempts',
  );
  assert.equal(status, 0, err);
  return new Map(
    out
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
}

test('system calls that lead out of a container are refused, ordinary ones are not', () => {
  const found = outcomes();
  for (const what of ['getpid', 'socket-inet']) assert.equal(found.get(what), 'ok', what);
  const refused = [
    ...['socket-alg', 'socket-vsock', 'unshare-user', 'unshare-net', 'setns', 'mount', 'umount', 'keyctl'],
    ...['add_key', 'bpf', 'perf_event_open', 'userfaultfd', 'io_uring_setup', 'init_module', 'kexec_load', 'reboot'],
    ...['open_by_handle_at', 'swapon'],
  ];
  for (const what of refused) assert.equal(found.get(what), 'EPERM', what);
  assert.match(found.get('clone-user') ?? '', /^(EPERM|ENOSYS)$/);
  // libc falls back to what is known from ENOSYS, and from nothing else.
  for (const what of ['clone3', 'unknown']) assert.equal(found.get(what), 'ENOSYS', what);
  for (const what of ['sysctl', 'sysrq']) assert.match(found.get(what) ?? '', /^(EROFS|EACCES|ENOENT)$/, what);
});

test('a 32-bit call gets no other answer than a 64-bit one', () => {
  // socket(AF_ALG) by int 0x80, through i386's socketcall (102) and its own socket (359).
  const source = path.join(tools, 'old.c');
  writeFileSync(
    source,
    `#include <stdio.h>
     static long old(long n, long a, long b, long c) { long r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory"); return r; }
     int main(void) { printf("%ld\\n", old(359, 38, 5, 0)); return 0; }`,
  );
  execFileSync('gcc', ['-static', '-w', '-o', path.join(tools, 'old'), source]);
  const { status, out } = agent.docker('run', '--rm', '-v', `${tools}:/tools:ro`, 'busybox', '/tools/old');
  // Ended by SIGSYS or SIGSEGV, or refused with an error; never a descriptor.
  assert.ok(status !== 0 || Number(out) < 0, `${status} ${out}`);
});

test('--security-opt seccomp=unconfined takes the filter away and leaves the other walls', () => {
  const found = outcomes('--security-opt', 'seccomp=unconfined');
  assert.notEqual(found.get('unknown'), undefined);
  assert.notEqual(found.get('keyctl'), 'EPERM');
  for (const what of ['mount', 'umount', 'init_module', 'kexec_load', 'reboot', 'swapon', 'open_by_handle_at'])
    assert.notEqual(found.get(what), 'ok', what);
});

const abstract = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path + 1, argv[2]);
  socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(argv[2]);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (strcmp(argv[1], "connect") == 0)
    return puts(connect(fd, (void *)&address, size) ? strerrorname_np(errno) : "connected") < 0;
  if (bind(fd, (void *)&address, size) || listen(fd, 8))
    return 1;
  puts("listening");
  fflush(stdout);
  return argc > 3 ? execv(argv[0], (char *[]){argv[0], "connect", argv[2], NULL}) : pause();
}`;

test('a container on the host’s network reaches none of its abstract sockets (CVE-2020-15257)', async (t) => {
  const tool = path.join(tools, 'abstract');
  writeFileSync(`${tool}.c`, `#define _GNU_SOURCE\n#include <errno.h>\n#include <stddef.h>\n${abstract}`);
  execFileSync('gcc', ['-static', '-w', '-o', tool, `${tool}.c`]);
  const server = spawn('nsenter', [`--net=/run/netns/${agent.name}`, tool, 'listen', 'of-the-host']);
  const closed = once(server, 'close');
  t.after(async () => {
    server.kill();
    await closed;
  });
  await once(server.stdout, 'data');
  const base = ['run', '--rm', '-v', `${tools}:/tools:ro`];
  const connect = (...options: string[]) =>
    agent.docker(...base, ...options, 'busybox', '/tools/abstract', 'connect', 'of-the-host').out.trim();
  assert.equal(connect('--network', 'host'), 'EPERM');
  assert.equal(connect('--network', 'host', '--privileged'), 'connected');
  assert.equal(connect(), 'ECONNREFUSED');
  const own = agent.docker(...base, '--network', 'host', 'busybox', '/tools/abstract', 'listen', 'its-own', 'too');
  assert.match(own.out, /listening\nconnected/);
});
