/**
 * Kernels that lack a system call: what is asked is done another way, or refused by the name of what is missing; and
 * nothing is left. (cgroup.kill is a file: cgroup v1 is without it.)
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Answer, Kit } from './kit.ts';

const kit = new Kit();

const calls: Record<string, number> = {
  pidfd_send_signal: 424,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  pidfd_open: 434,
  clone3: 435,
  close_range: 436,
  openat2: 437,
  mount_setattr: 442,
  // These are older than the numbers that all architectures share.
  ...(process.arch === 'x64' ? { keyctl: 250, setns: 308, memfd_create: 319, prlimit64: 302, pivot_root: 155 } : {}),
};
/** Without these a container is made all the same. */
const optional = ['pidfd_send_signal', 'pidfd_open', 'keyctl', 'setns'];

function refused(answer: Answer): boolean {
  if (answer.status === 0) return false;
  assert.match(answer.err, /^berth-runtime: [a-z][^:]+: .*(Function not implemented|not supported)/m);
  return true;
}

for (const [name, number] of Object.entries(calls)) {
  kit.case('K', `a kernel without ${name} makes a container`, () => {
    const { id, bundle } = kit.make((config) => Object.assign(config.process, { args: ['echo', 'made'] }));
    const answer = kit.callWithout([number], 'run', '--bundle', bundle, id);
    assert.equal(refused(answer), !optional.includes(name), answer.err);
    if (answer.status === 0) assert.equal(answer.out, 'made\n');
  });

  kit.case('K', `a kernel without ${name} enters, steers and removes one`, (t) => {
    const id = kit.live((config) => Object.assign(config.linux.resources, { pids: { limit: 50 } }));
    const done: string[] = [];
    const lines = [
      ['exec', id, 'true'],
      ['pause', id],
      ['resume', id],
      ['update', '--pids-limit', '40', id],
      ['state', id],
      ['kill', id, 'KILL'],
      ['delete', '--force', id],
    ];
    for (const line of lines) if (!refused(kit.callWithout([number], ...line))) done.push(line[0] ?? '');
    t.diagnostic(`done: ${done.join(' ')}`);
    if (name !== 'pidfd_open') assert.ok(['state', 'update'].every((line) => done.includes(line)));
  });

  kit.case('K', `a kernel without ${name} has a supervisor`, async () => {
    const container = kit.supervise(`without-${name}`, { args: ['sleep', '1000'] }, [
      kit.program('without'),
      `${number}`,
    ]);
    const exited = new Promise((resolve) => container.child.once('exit', resolve));
    const { type, payload } = await container.frame(0x84, 0x86);
    if (type === 0x84) {
      const { step, errno } = JSON.parse(payload);
      assert.ok(step !== '' && errno === 38, payload);
    } else {
      const { pid } = await container.start();
      const [, , started] = await container.framesOf(3, 0x83, 0x84);
      if (started?.type === 0x83) {
        container.send(0x0d);
        await container.framesOf(4, 0x83, 0x84);
      }
      // As the agent does when a supervisor cannot.
      if (started?.type === 0x83 && readFileSync(`/proc/${pid}/stat`, 'utf8') !== '') process.kill(pid, 'SIGKILL');
    }
    await exited;
  });
}
