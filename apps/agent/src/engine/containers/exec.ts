/** One more program in a running container, with the container's own walls around it. */
import { closeFd } from '@berth/native';
import type { CreateExecBody } from '@berth/shared/docker/container';
import type { Weakening } from '@berth/shared/docker/weakening';
import { appArmorFor } from '../runtime/apparmor.ts';
import { askedByExec, judge, processWeakenings } from '../runtime/policy.ts';
import {
  buildProcess,
  containerCapabilities,
  noNewPrivileges,
  oomScoreAdj,
  processCapabilities,
  rlimits,
} from '../runtime/spec.ts';
import type { SupervisorConnection } from '../runtime/supervisor.ts';
import { frame } from '../runtime/supervisor-protocol.ts';
import { slotOf } from '../runtime/uid-ranges.ts';
import type { Accounts } from './account.ts';
import type { Context } from './context.ts';
import { environment, workingDirectory } from './process.ts';
import { wallsOf } from './review.ts';
import { openContainerRoot } from './root.ts';
import { requireState } from './state.ts';
import type { ContainerRecord } from './store.ts';

/** The connection is the program's stdio; it holds what comes until it is released. */
export async function exec(
  context: Context,
  accounts: Accounts,
  record: ContainerRecord,
  body: CreateExecBody,
  size: { width: number; height: number } | null,
): Promise<{ supervisor: SupervisorConnection; pid: number; weakenings: Weakening[] }> {
  requireState(record, 'exec');
  const user = await accountFor(context, accounts, record, body.User);
  const host = record.hostConfig;
  const names = containerCapabilities({ ...host, Privileged: host.Privileged || body.Privileged });
  const process_ = buildProcess({
    args: body.Cmd,
    env: [...environment(record, user), ...body.Env, ...(body.Tty ? ['TERM=xterm'] : [])],
    cwd: body.WorkingDir === '' ? workingDirectory(record) : body.WorkingDir,
    user,
    terminal: body.Tty,
    capabilities: processCapabilities(names, user.uid === 0),
    noNewPrivileges: noNewPrivileges(host),
    rlimits: rlimits(host),
    oomScoreAdj: oomScoreAdj(host, context.oomScoreAdj),
    selinuxLabel: context.selinux === null ? undefined : record.selinux?.process,
    apparmorProfile: body.Privileged ? undefined : appArmorFor(record, context.appArmorProfile),
  });
  const hasUserNamespace = slotOf(record) !== null;
  const weakenings = processWeakenings(process_, wallsOf(context), { hasUserNamespace });
  judge(weakenings, askedByExec(host, body));
  const supervisor = await context.connect(record);
  try {
    supervisor.hold();
    const { pid } = await supervisor.request(frame.exec, {
      process: { ...process_, ...(size === null ? {} : { consoleSize: size }) },
      stdin: body.AttachStdin,
    });
    return { supervisor, pid: Number(pid), weakenings };
  } catch (error) {
    supervisor.close();
    throw error;
  }
}

async function accountFor(context: Context, accounts: Accounts, record: ContainerRecord, asked: string) {
  const root = await openContainerRoot(context, record);
  try {
    return await accounts.inRoot(root, asked === '' ? record.config.User : asked, record.hostConfig.GroupAdd);
  } finally {
    closeFd(root);
  }
}
