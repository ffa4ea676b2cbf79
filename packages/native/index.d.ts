/**
 * The whole public face of the addon. Errors are Error objects with `code`, `errno`, `syscall` and where it applies
 * `path`, as Node's own. Functions that may block return promises and run off the main thread. File descriptors are
 * plain numbers, opened O_CLOEXEC; the caller closes them with `closeFd`. Nothing here changes the agent's own
 * namespaces, root, credentials or labels.
 */

// ---- where the built parts are
/** Absolute path of the berth-runtime executable. */
export const runtimePath: string;

// ---- fds.cc: descriptors
export function closeFd(fd: number): void;
/** A sealed memfd (F_SEAL_WRITE|GROW|SHRINK|SEAL) holding `data`. memfd_create(2). */
export function createSealedMemfd(name: string, data: Uint8Array): number;
/** A private, sealed, executable memfd copy of the file at `path` (RUNTIME: a copy a supervisor). */
export function sealExecutable(path: string): Promise<number>;
/** A SOCK_STREAM|SOCK_CLOEXEC pair; hand the first to node's net.Socket, the second to spawnSupervisor. */
export function socketPair(): [number, number];

// ---- spawn.cc: starting a supervisor without forking Node
export interface SpawnOptions {
  /** An executable's descriptor (memfd or file); executed by execveat(AT_EMPTY_PATH). */
  executableFd: number;
  argv: readonly string[];
  /** Child descriptor i is a duplicate of fds[i]; everything else is closed. Signals, mask and rlimit NOFILE reset. */
  fds: readonly number[];
}
/** vfork-class clone (CLONE_VM|CLONE_VFORK|CLONE_PIDFD), setsid, empty environment. Rejects with the errno of execveat. */
export function spawnSupervisor(options: SpawnOptions): Promise<{ pid: number; pidfd: number }>;

// ---- pidfd.cc: processes by descriptor
/** pidfd_open(2). @throws ESRCH */
export function openPidfd(pid: number): number;
/** Inode of the pidfd on pidfs: the identity of a process for as long as the machine is up. */
export function pidfdInode(pidfd: number): bigint;
/** pidfd_send_signal(2). @throws ESRCH */
export function sendSignal(pidfd: number, signal: number): void;
export interface ProcessEnd {
  /** null when the kernel no longer tells (reaped by somebody else before Linux 6.15). Unknown is never 0. */
  exitCode: number | null;
  signal: number | null;
}
/** Calls `onEnd` once, on the event loop, when the process has ended (reaping it if it is a child of ours). */
export function watchPidfd(pidfd: number, onEnd: (end: ProcessEnd) => void): { close(): void };

// ---- seccomp.cc: libseccomp as compiler
/**
 * Compiles an OCI runtime-spec linux.seccomp object (as JSON) to classic BPF for the native architecture plus those it
 * names. Unknown syscall names are skipped only if they are unknown to our own table too; newer syscalls than the
 * profile's return ENOSYS. @throws EINVAL with the offending name
 */
export function compileSeccomp(linuxSeccompJson: string): Promise<Uint8Array>;

// ---- sampler.cc: statistics of all containers in one call
/** Field order of one row of `Sampler.sample()`. Cumulative counters and gauges, NaN where the kernel has none. */
export const sampleFields: readonly [
  'cpuUsageNanos',
  'cpuUserNanos',
  'cpuSystemNanos',
  'cpuPeriods',
  'cpuThrottledPeriods',
  'cpuThrottledNanos',
  'memoryUsageBytes',
  'memoryInactiveFileBytes',
  'memoryAnonBytes',
  'memoryFileBytes',
  'memoryLimitBytes',
  'memoryMaxUsageBytes',
  'oomKills',
  'pidsCurrent',
  'pidsLimit',
  'blkReadBytes',
  'blkWriteBytes',
  'blkReadOps',
  'blkWriteOps',
  'rxBytes',
  'rxPackets',
  'rxErrors',
  'rxDropped',
  'txBytes',
  'txPackets',
  'txErrors',
  'txDropped',
];
export class Sampler {
  /** `cgroups` as in the supervisor's CREATED frame; `hostInterface` is the host's end of the veth, if there is one. */
  add(id: string, source: { cgroups: Record<string, string>; hostInterface?: string }): void;
  remove(id: string): void;
  /** Ids in the row order of the next `sample()`. */
  ids(): string[];
  /** One row of sampleFields.length values a container, read from descriptors kept open. rx and tx as the container sees them. */
  sample(): Float64Array;
  close(): void;
}

// ---- root.cc: paths inside an image or container, by openat2(RESOLVE_IN_ROOT|NO_MAGICLINKS) only
/** O_PATH descriptor of a directory on the host, to be used as a root. */
export function openRoot(path: string): number;
/** The root of a running process, from /proc/PID/root through a verified pidfd. */
export function openProcessRoot(pid: number, pidfd: number): Promise<number>;
/** A detached (never attached) overlay mount of these directories; lower topmost first. upper null: read-only. */
export function openOverlay(layers: {
  lower: readonly string[];
  upper: string | null;
  work: string | null;
}): Promise<number>;
export interface PathStat {
  name: string;
  sizeBytes: number;
  mode: number;
  uid: number;
  gid: number;
  mtimeNanos: bigint;
  type: 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';
  linkTarget: string;
  /** Changes with every change of the file: inode, time and size. */
  version: string;
}
/** lstat of `path` inside root: its last component is not followed. @throws ENOENT, ENOTDIR, ELOOP */
export function statInRoot(rootFd: number, path: string): Promise<PathStat>;
/** Regular files only; refuses more than maxBytes (EFBIG), FIFOs and devices (EINVAL). Follows links inside the root. */
export function readFileInRoot(rootFd: number, path: string, maxBytes: number): Promise<Uint8Array>;
/** mkdir -p inside the root. */
export function mkdirInRoot(rootFd: number, path: string, mode: number): Promise<void>;

// ---- files.cc: the same, for a file browser. Nothing but regular files and directories is ever opened, file systems of
// the kernel's own are refused (EPERM), and what is mounted below is neither replaced nor removed (EBUSY).
/** lstat of the entries of a directory by name, the first `entriesMax` of them. @throws ENOTDIR, ENOENT */
export function listInRoot(
  rootFd: number,
  path: string,
  entriesMax: number,
): Promise<{ entries: PathStat[]; truncated: boolean }>;
/** A regular file, links followed inside the root. @throws EISDIR, EINVAL for others */
export function openFileInRoot(rootFd: number, path: string): Promise<PathStat & { fd: number }>;
/** Who owns what is made: a container's root, as seen through the root. */
export interface Owner {
  uid: number;
  gid: number;
}
/**
 * Replaces a regular file, links followed inside the root, by the content of the file `contentFd`, as a whole; it keeps
 * its owner, mode and attributes. `expected`: the version that is to be there, '*' any, '' none; null: whatever is.
 * @throws ESTALE when something else is there
 */
export function replaceFileInRoot(
  rootFd: number,
  path: string,
  contentFd: number,
  options: Owner & { expected: string | null },
): Promise<PathStat>;
/** @throws EEXIST, ENOENT when its parent is missing */
export function makeDirectoryInRoot(rootFd: number, path: string, owner: Owner): Promise<void>;
/** The last component is not followed. @throws ENOTEMPTY, EBUSY */
export function removeInRoot(rootFd: number, path: string, options: { recursive: boolean }): Promise<void>;
/** syncfs(2) of the file system of a directory. */
export function syncFileSystem(path: string): Promise<void>;

// ---- root.cc
/**
 * Limits what lies below a directory to `bytes` together, as project number `project` of its file system; what is made
 * in it from now on belongs to the project. Throws with code ENOSYS, EOPNOTSUPP, ENOTTY or ESRCH where the file system
 * has no project quotas (ext4 and xfs do, mounted with prjquota), EPERM without CAP_SYS_ADMIN. quotactl_fd(2).
 */
export function limitDirectory(path: string, project: number, bytes: number): void;
/** Takes a project's limit away; `path`: a directory of its file system. */
export function forgetLimit(path: string, project: number): void;

/** rm -r of a directory tree on the host by descriptors, never following links, also through 0-mode directories. */
export function removeTree(path: string): Promise<void>;
/**
 * Gives a file, or a directory with everything below it, an SELinux label. Follows no link below `path`, enters no other
 * mount. Refuses (EPERM) what is or contains one of `refused`, and what is or lies in one of `closed`.
 */
export function labelTree(path: string, label: string, options: { refused: string[]; closed: string[] }): Promise<void>;
/** Apparent size in bytes of what is no directory, and inodes, of a tree, each file once; file systems below are not entered. */
export function treeSize(path: string): Promise<{ bytes: number; inodes: number }>;

// ---- compare.cc: what a container wrote
/**
 * What the upper directory of an overlay changes of `lowerFd`, the merged layers below (null: there are none), in the
 * order of a walk. Directories count where they, or something in them, changed. @throws E2BIG over a million changes
 */
export function compareOverlay(
  upperFd: number,
  lowerFd: number | null,
): Promise<{ path: string; kind: 'changed' | 'added' | 'removed' }[]>;

// ---- idmap: how this process's files look to a container
/** Added to every uid and gid read from or written to archives below: a container's root may be host uid N. */
export interface IdShift {
  uidShift: number;
  gidShift: number;
}

// ---- tar.cc: the only tar reader of layers and `cp`, and the writer. Streams through a pipe or file descriptor.
export interface ApplyLimits {
  bytesMax: number;
  entriesMax: number;
}
export interface ApplyOptions {
  /** 'layer': whiteouts become overlay whiteouts and opaque xattrs, ids as in the archive. 'copy': `docker cp`, no whiteouts. */
  mode: 'layer' | 'copy';
  limits: ApplyLimits;
  shift?: IdShift;
  /** copy: refuse replacing a directory by a non-directory and the reverse (noOverwriteDirNonDir). */
  noOverwriteDirNonDir?: boolean;
}
/**
 * Applies an uncompressed tar stream read from `fd` until end of file, below `path` inside the root. Names, links and
 * order in the archive cannot lead outside (RESOLVE_IN_ROOT). @throws EBADMSG for a broken archive, EFBIG for a limit
 */
export function applyTar(
  fd: number,
  rootFd: number,
  path: string,
  options: ApplyOptions,
): Promise<{ bytes: number; entries: number }>;
/**
 * Writes `path` (a file or tree) as a PAX/ustar stream to `fd`; the entry is called `name`. Sockets are left out. The fd
 * is not closed. mode 'layer' is for an overlay's upper directory (name '.'): whiteouts and opaque directories become
 * .wh. entries, overlayfs' own attributes are left out, the same directory always gives the same bytes.
 * @throws EOPNOTSUPP for what redirect_dir or metacopy left there, EINVAL for a file whose own name begins with .wh.
 */
export function createTar(
  fd: number,
  rootFd: number,
  path: string,
  options: { name: string; mode: 'copy' | 'layer'; shift?: IdShift },
): Promise<void>;
/** pipe2(O_CLOEXEC): [read, write]; to connect a Node stream with applyTar or createTar. */
export function openPipe(): [number, number];

// ---- layer.cc: layers on their way into the store
export interface IngestOptions {
  /** Bytes read are written here from `offset` on; the first `offset` bytes read are there already (a resumed download). */
  blob: { fd: number; offset: number } | null;
  /** Uncompressed input is kept gzip-compressed in the blob (then offset is 0). */
  compress: boolean;
  limits: {
    /** Of the files together, as they say they are. */
    bytesMax: number;
    entriesMax: number;
    /** Unpacked size by compressed size, judged after the first 10 MiB. gzip's most is 1032. */
    ratioMax: number;
    /** Of the blob as it is kept. */
    blobBytesMax: number;
  };
}
export interface IngestedLayer {
  /** Of the blob as it is kept. */
  blobDigest: string;
  blobBytes: number;
  compression: 'none' | 'gzip' | 'zstd';
  /** Of the whole unpacked stream. */
  diffId: string;
  /** Apparent size of the files. */
  bytes: number;
  entries: number;
  /** Its root is opaque: no layer below it is to be mounted, since overlayfs does not read the mark at a root. */
  hidesBelow: boolean;
}
/**
 * Reads a layer (gzip, zstd or plain tar, by its first bytes) from `fd` to its end, hashes both sides and applies it
 * below `rootFd`, an empty directory; all of it is on disk when the promise resolves. Two threads, about 5 MB (and what
 * a zstd frame asks for, at most 128 MiB). A layer that breaks off is an error, so closing the pipe's other end stops it.
 * @throws EBADMSG a broken archive or stream, EFBIG a limit, EOVERFLOW an owner beyond 65535, ENOSPC
 */
export function ingestLayer(fd: number, rootFd: number, options: IngestOptions): Promise<IngestedLayer>;

// ---- netlink.cc: rtnetlink(7)
export interface BridgeOptions {
  name: string;
  address: string;
  prefixLength: number;
  mtu?: number;
}
/** Makes or brings to this state a bridge with an IPv4 address, up; with IPv6 off. Idempotent. */
export function ensureBridge(options: BridgeOptions): Promise<{ index: number; mac: string }>;
export interface VethOptions {
  /** At most 15 bytes. */
  hostInterface: string;
  bridge: string;
  /** Network namespace of this process gets the other end, called containerInterface, up, with address and default route. */
  pid: number;
  containerInterface: string;
  mac: string;
  address: string;
  prefixLength: number;
  gateway: string;
  mtu?: number;
}
export function createVeth(options: VethOptions): Promise<void>;
/** @throws ENODEV when there is none */
export function deleteLink(name: string): Promise<void>;
export interface LinkState {
  name: string;
  index: number;
  kind: string;
  up: boolean;
  mac: string;
  mtu: number;
  master: number;
}
export function listLinks(): Promise<LinkState[]>;
export interface RouteState {
  destination: string;
  prefixLength: number;
  interfaceIndex: number;
  gateway: string | null;
}
/** IPv4 routes of the main table, for choosing subnets that are free. */
export function listRoutes(): Promise<RouteState[]>;

// ---- nftables.cc: own nfnetlink batches, own table (nf_tables; no libnftables, no libnftnl)
export interface FirewallTable {
  /** Table name, family inet or ip. */
  table: string;
  bridge: string;
  subnet: string;
  prefixLength: number;
}
/** In one batch: table, chains (prerouting/output dnat by map, postrouting masquerade and hairpin, forward filter), maps. Idempotent. */
export function ensureFirewall(options: FirewallTable): Promise<void>;
export interface PublishedPort {
  protocol: 'tcp' | 'udp' | 'sctp';
  hostAddress: string;
  hostPort: number;
  containerAddress: string;
  containerPort: number;
}
/** One map element a port; atomic over the list. @throws EEXIST */
export function publishPorts(table: FirewallTable, ports: readonly PublishedPort[]): Promise<void>;
export function unpublishPorts(table: FirewallTable, ports: readonly PublishedPort[]): Promise<void>;
export function listPublishedPorts(table: FirewallTable): Promise<PublishedPort[]>;
export function removeFirewall(table: string): Promise<void>;

// ---- host.cc: what this kernel can (probed, never by version)
export interface HostFeatures {
  cgroup: 'v2' | 'hybrid' | 'v1';
  controllers: string[];
  userNamespaces: boolean;
  idmappedMounts: boolean;
  overlayIdmap: boolean;
  openat2: boolean;
  clone3: boolean;
  cgroupKill: boolean;
  pidfdInfo: boolean;
  seccomp: boolean;
  appArmor: boolean;
  selinux: boolean;
  landlockAbi: number;
  nftables: boolean;
  timeNamespaces: boolean;
  capSysResource: boolean;
}
export function probeHost(): Promise<HostFeatures>;
