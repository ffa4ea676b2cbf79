/*
 * What passes between berth-runtime's `supervise` mode and everybody else: the one header the addon side and the
 * runtime share. apps/agent/src/engine/runtime/supervisor-protocol.ts holds the same numbers; a test compares them.
 *
 * Starting: the agent executes `berth-runtime supervise` with these descriptors and an empty environment:
 *   0,1  /dev/null     2  a file for crash diagnostics
 *   3    one end of a SOCK_STREAM socketpair: the first client, speaks the frames below
 *   4    a sealed memfd with the launch document (JSON):
 *        { "version": 1,
 *          "id": "<64 hex>",
 *          "runDir": "<tmpfs dir, 0700, made by the agent>",    control.sock (0600) and pid.json are made here
 *          "stateDir": "<durable dir, 0700, made by the agent>", exit.json is made here
 *          "rootfs": { "lower": ["<dir>", ...topmost first], "upper": "<dir>", "work": "<dir>",
 *                      "volatile": bool? } | null,
 *                    null: spec.root.path is the root, as in a plain OCI bundle
 *          "log": { "path": "<file>", "maxSizeBytes": n (0: no limit), "maxFiles": n } | null,
 *          "stdin": { "open": bool, "once": bool },
 *          "seccompFd": 5 | -1,
 *          "fenceAbstractSockets": bool?         Landlock: none but the container's own, landlock.h
 *          "spec": <OCI runtime-spec config.json> }
 *   5    a sealed memfd with a classic-BPF seccomp program (array of struct sock_filter), when seccompFd is 5
 *
 * The supervisor makes the container's namespaces and sends NAMESPACES, so that the agent can give it its network
 * while the supervisor builds the rest up to the start gate and sends CREATED (or, at any point, ERROR and exits). The
 * agent then sends START; the REPLY to START says the program was
 * executed. A program that is not there or cannot be executed is an ERROR with exitCode 127 or 126, before CREATED
 * where it can be seen by then, else in answer to START. If descriptor 3 reaches end of file before START,
 * the container is torn down; after it, the supervisor needs nobody. Later clients connect to runDir/control.sock
 * (SOCK_STREAM). On EXIT exit.json is in place; when the supervisor then ends its connections, every cgroup of the
 * container and control.sock are gone.
 *
 * exit.json: { "exitCode": n, "signal": n, "oomKilled": bool, "startedAtNs": "n", "finishedAtNs": "n" }
 * pid.json:  { "supervisorPid": n, "pid": n, "pidfsInode": "n", "cgroups": <as in CREATED>, "startedAtNs": "n" }
 *
 * A frame: struct supervisor_frame, then `length` bytes. Requests are answered in order on their connection by
 * exactly one REPLY or ERROR; output and lifecycle frames may stand between. A client that does not read is dropped
 * (its bounded queue overflows); neither the log nor the container nor another client ever waits for it.
 */
#ifndef BERTH_SUPERVISOR_H
#define BERTH_SUPERVISOR_H

#include <stdint.h>

#define SUPERVISOR_LAUNCH_VERSION 1
#define SUPERVISOR_REQUEST_BYTES_MAX (1u << 20)
#define SUPERVISOR_OUTPUT_BYTES_MAX (32u << 10)

struct supervisor_frame {
  uint8_t type;        /* enum supervisor_frame_type */
  uint8_t reserved[3]; /* zero */
  uint32_t length;     /* big endian, bytes that follow */
};

enum supervisor_frame_type {
  /* client to supervisor */
  SUPERVISOR_START = 0x01,       /* {} */
  SUPERVISOR_ATTACH = 0x02,      /* {"stdin":bool,"stdout":bool,"stderr":bool}; STDOUT/STDERR/EXIT frames follow */
  SUPERVISOR_STDIN = 0x03,       /* raw bytes, to an attached container or to this connection's exec; no reply */
  SUPERVISOR_STDIN_CLOSE = 0x04, /* end of input; no reply */
  SUPERVISOR_RESIZE = 0x05,    /* {"width":n,"height":n} in character cells; of this connection's exec if it has one */
  SUPERVISOR_SIGNAL = 0x06,    /* {"signal":n,"all":bool}; all: every process of the cgroup; else of this connection's
                                  exec if it had one, even one that has ended: then an ERROR */
  SUPERVISOR_EXEC = 0x07,      /* {"process":<OCI process>,"stdin":bool}; this connection becomes the exec's stdio.
                                  REPLY {"pid":n} once executed, later EXIT; ERROR with exitCode 126/127 if not */
  SUPERVISOR_PAUSE = 0x08,     /* {} cgroup freezer */
  SUPERVISOR_RESUME = 0x09,    /* {} */
  SUPERVISOR_UPDATE = 0x0a,    /* {"resources":<OCI linux.resources>}; all of it or nothing, ERROR names the file */
  SUPERVISOR_STATUS = 0x0b,    /* {} -> REPLY {"status":"created|running|paused|stopped","pid":n} */
  SUPERVISOR_WATCH = 0x0c,     /* {} OOM, PRESSURE and EXIT frames follow; what was before, OOM and EXIT, at once */
  SUPERVISOR_PROCESSES = 0x0d, /* {} -> REPLY {"pids":[n,...]} host pids in the container's cgroup */
  /* supervisor to client */
  SUPERVISOR_STDOUT = 0x81,     /* raw bytes, at most SUPERVISOR_OUTPUT_BYTES_MAX; a terminal's output too */
  SUPERVISOR_STDERR = 0x82,     /* raw bytes */
  SUPERVISOR_REPLY = 0x83,      /* JSON object, the result of the oldest unanswered request */
  SUPERVISOR_ERROR = 0x84,      /* {"step":"...","syscall":"...","errno":n,"detail":"...","exitCode":n?} */
  SUPERVISOR_EXIT = 0x85,       /* as exit.json; on an exec's connection the exec's own {"exitCode":n,"signal":n} */
  SUPERVISOR_CREATED = 0x86,    /* {"pid":n,"pidfsInode":"n","supervisorPid":n,
                                    "cgroups":{"v2":"<abs dir>"} or {"memory":"<abs dir>","cpu":...,"cpuacct":...,
                                    "pids":...,"blkio":...,"freezer":...,"devices":...,"cpuset":...}} */
  SUPERVISOR_OOM = 0x87,        /* {"count":n} OOM kills in this container so far */
  SUPERVISOR_NAMESPACES = 0x88, /* {"pid":n} to the first client: the container's first process, in its namespaces */
  SUPERVISOR_PRESSURE = 0x89 /* {"resource":"memory|cpu|io","kind":"some|full"}: its processes wait for it much of the
                                time (PSI, where there is a cgroup2 mount); at most one a resource in 10 s */
};

#endif
