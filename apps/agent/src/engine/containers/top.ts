/** A container's processes as `ps -ef` on the host shows them. */
import { readFile, readlink } from 'node:fs/promises';

export const processTitles = ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];

/** null when it has ended meanwhile. */
export async function processRow(pid: number): Promise<string[] | null> {
  try {
    const [machine, status, stat, cmdline] = await Promise.all([
      readFile('/proc/stat', 'utf8'),
      readFile(`/proc/${pid}/status`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1] ?? '?';
    const name = /^Name:\s+(.*)$/m.exec(status)?.[1] ?? '?';
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const seconds = Math.floor((Number(fields[11]) + Number(fields[12])) / 100);
    const time = [seconds / 3600, (seconds / 60) % 60, seconds % 60]
      .map((part) => String(Math.floor(part)).padStart(2, '0'))
      .join(':');
    const terminal = await readlink(`/proc/${pid}/fd/0`).then(
      (target) => (target.startsWith('/dev/pts/') ? target.slice(5) : '?'),
      () => '?',
    );
    const command = cmdline.replaceAll('\0', ' ').trim();
    return [
      uid,
      String(pid),
      fields[1] ?? '?',
      '0',
      startTime(machine, Number(fields[19])),
      terminal,
      time,
      command === '' ? `[${name}]` : command,
    ];
  } catch {
    return null;
  }
}

/** As ps: the hour for today's, the day for older ones. `startTicks`: field 22 of proc_pid_stat(5), 1/100 s since boot. */
function startTime(machine: string, startTicks: number): string {
  const bootSeconds = Number(/^btime (\d+)$/m.exec(machine)?.[1]);
  const started = new Date((bootSeconds + startTicks / 100) * 1000);
  if (Date.now() - started.getTime() < 24 * 3600_000) return started.toTimeString().slice(0, 5);
  return started.toLocaleDateString('en', { month: 'short', day: '2-digit' }).replace(' ', '');
}
