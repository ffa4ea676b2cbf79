import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './fixtures.ts';
import { openTab } from './steps/containers.ts';
import { fileRow } from './steps/files.ts';
import {
  askToRemove,
  confirm,
  createVolume,
  downloadBackup,
  openVolume,
  restoreFrom,
  volumeRow,
} from './steps/volumes.ts';

test.beforeEach(({ starterImageLoaded: _ }) => {});

const busybox = 'busybox:latest';

test('a volume is made, filled, seen with its size and its container, and removed when nobody needs it', async ({
  page,
  stack,
  containerName,
}) => {
  const { docker } = stack.agent;
  const name = `${containerName}-data`;

  await test.step('create', async () => {
    await createVolume(page, { name, labels: { team: 'storage' } });
    expect(docker('volume', 'inspect', '--format', '{{.Labels.team}}', name)).toBe('storage');
    await expect(page.getByText('No container uses it')).toBeVisible();
  });

  await test.step('a name that is taken is refused', async () => {
    await page.goto('/volumes/new');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    await page.getByRole('button', { name: 'Create volume' }).click();
    await expect(page.getByRole('main').getByRole('alert')).toContainText('already there');
  });

  await test.step('see who uses it and how large it is', async () => {
    const fill = 'dd if=/dev/zero of=/data/zeros bs=1M count=3 2>/dev/null; sleep 1000';
    docker('run', '--detach', '--name', containerName, '--volume', `${name}:/data:rw`, busybox, 'sh', '-c', fill);
    await openVolume(page, name);
    await expect(page.getByRole('link', { name: containerName })).toBeVisible();
    await expect(page.getByText('/data', { exact: true })).toBeVisible();
    await page.goto('/volumes');
    await expect(volumeRow(page, name)).toContainText(containerName);
    await expect(async () => {
      await page.getByRole('button', { name: 'Measure the sizes again' }).click();
      await expect(volumeRow(page, name)).toContainText('3 MiB', { timeout: 3000 });
    }).toPass({ timeout: 30_000 });
  });

  await test.step('a used one is not removed', async () => {
    const dialog = await askToRemove(page, name);
    await expect(dialog).toContainText('It is in use');
    await confirm(dialog, 'Remove');
    await expect(dialog.getByRole('alert')).toContainText('in use');
    await confirm(dialog, 'Cancel');
    expect(docker('volume', 'ls', '--quiet')).toContain(name);
  });

  await test.step('remove', async () => {
    docker('rm', '--force', containerName);
    await expect(volumeRow(page, name)).toContainText('unused');
    const dialog = await askToRemove(page, name);
    await expect(dialog).toContainText('3 MiB');
    await confirm(dialog, 'Remove');
    await expect(page.getByRole('link', { name, exact: true })).toHaveCount(0);
    expect(docker('volume', 'ls', '--quiet')).not.toContain(name);
  });

  await test.step('the audit log tells', async () => {
    await page.goto('/audit');
    await expect(page.getByRole('row').filter({ hasText: 'Create volume' }).filter({ hasText: name })).not.toHaveCount(
      0,
    );
    const removals = page.getByRole('row').filter({ hasText: 'Remove volume' }).filter({ hasText: name });
    await expect(removals).toHaveCount(2);
    await expect(removals.nth(1)).toContainText('Failed');
  });
});

test('pruning shows what goes, leaves what has a name, and takes just that', async ({ page, stack, containerName }) => {
  const { docker } = stack.agent;
  const named = `${containerName}-kept`;
  docker('volume', 'create', named);
  docker('run', '--name', containerName, '--volume', '/scratch', busybox, 'sh', '-c', 'echo x >/scratch/x');
  const anonymous = docker('inspect', '--format', '{{(index .Mounts 0).Name}}', containerName);
  docker('rm', containerName);

  await page.goto('/volumes?use=anonymous');
  await expect(volumeRow(page, anonymous.slice(0, 12))).toContainText('anonymous');
  await page.getByRole('button', { name: 'Remove unused' }).click();
  const dialog = page.getByRole('alertdialog');
  const list = dialog.getByRole('list', { name: 'Volumes to be removed' });
  await expect(list).toContainText(anonymous.slice(0, 12));
  await expect(list).not.toContainText(named);
  await dialog.getByRole('switch', { name: 'Also those with a name' }).click();
  await expect(list).toContainText(named);
  await dialog.getByRole('switch', { name: 'Also those with a name' }).click();
  await expect(list).not.toContainText(named);
  await expect(dialog.getByRole('status').last()).toContainText('in all');
  await dialog.getByRole('button', { name: /^Remove \d+ volume/ }).click();
  await expect(dialog).toBeHidden();
  const left = docker('volume', 'ls', '--quiet');
  expect(left).not.toContain(anonymous);
  expect(left).toContain(named);
  docker('volume', 'rm', named);
});

test('a backup restored elsewhere is the same, and a volume that holds something is replaced only when asked', async ({
  page,
  stack,
  containerName,
}) => {
  const { docker } = stack.agent;
  const [from, to] = [`${containerName}-from`, `${containerName}-to`];
  const inside = (volume: string, script: string) =>
    docker('run', '--rm', '--volume', `${volume}:/v`, busybox, 'sh', '-c', script);
  const tree =
    'cd /v; find . -exec stat -c "%n %F %a %u:%g %Y" {} + | sort; md5sum $(find . -type f | sort); readlink to-b';
  docker('volume', 'create', from);
  docker('volume', 'create', to);
  inside(
    from,
    'cd /v; mkdir -p a/deep; echo one >a/deep/b; dd if=/dev/urandom of=c bs=1M count=2 2>/dev/null; ln -s a/deep/b to-b; chmod 4750 c; chown 1000:100 a; touch -t 202001020304 c a/deep',
  );

  await openVolume(page, from);
  const backup = await downloadBackup(page);
  expect(backup.name).toMatch(new RegExp(`^${from}-\\d{4}-\\d\\d-\\d\\d\\.tar$`));
  expect(execFileSync('tar', ['tf', backup.file], { encoding: 'utf8' })).toContain('a/deep/b');

  await openVolume(page, to);
  await restoreFrom(page, backup.file, { replace: false });
  await expect(page.getByText('The volume was restored')).toBeVisible();
  expect(inside(to, tree)).toBe(inside(from, tree));

  await test.step('over what is there only when asked', async () => {
    inside(to, 'echo mine >/v/mine');
    await page.reload();
    await restoreFrom(page, backup.file, { replace: false });
    await expect(page.getByRole('main').getByRole('alert')).toContainText('not empty');
    expect(inside(to, 'cat /v/mine')).toBe('mine');
    await restoreFrom(page, backup.file, { replace: true });
    await expect(page.getByText('The volume was restored')).toBeVisible();
    expect(inside(to, tree)).toBe(inside(from, tree));
  });

  await test.step('a broken archive changes nothing', async () => {
    const broken = path.join(stack.directory, 'broken.tar');
    writeFileSync(broken, 'This is no tar.\n'.repeat(1000));
    await restoreFrom(page, broken, { replace: true });
    await expect(page.getByRole('main').getByRole('alert')).toContainText('was not restored');
    expect(inside(to, tree)).toBe(inside(from, tree));
  });

  await test.step('a running container is named in a warning', async () => {
    docker('run', '--detach', '--name', containerName, '--volume', `${to}:/v`, busybox, 'sleep', '1000');
    await page.reload();
    await expect(page.getByRole('link', { name: containerName })).toBeVisible();
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Restore', exact: true }).click();
    await (await chooser).setFiles(backup.file);
    const dialog = page.getByRole('alertdialog');
    await expect(dialog).toContainText('Containers are working with it');
    await expect(dialog).toContainText(containerName);
    await confirm(dialog, 'Cancel');
    docker('rm', '--force', containerName);
  });

  await page.goto('/audit');
  for (const action of ['Back up volume', 'Restore volume'])
    await expect(page.getByRole('row').filter({ hasText: action })).not.toHaveCount(0);
  docker('volume', 'rm', from, to);
});

test('a path of the host and memory become volumes, with their options', async ({ page, stack, containerName }) => {
  const { docker } = stack.agent;
  const directory = path.join(stack.directory, containerName);
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'from-the-host'), 'hello\n');
  const [bind, memory] = [`${containerName}-bind`, `${containerName}-memory`];

  await createVolume(page, { name: bind, kind: 'A host path', device: directory });
  await expect(page.getByRole('main')).toContainText(directory);
  expect(docker('run', '--rm', '--volume', `${bind}:/v`, busybox, 'cat', '/v/from-the-host')).toBe('hello');
  await openTab(page, 'Files');
  await expect(page.getByText("Its files are not in the host's data")).toBeVisible();

  await createVolume(page, { name: memory, kind: 'Memory', sizeMib: 16 });
  expect(docker('run', '--rm', '--volume', `${memory}:/v`, busybox, 'sh', '-c', 'df -m /v | tail -n 1')).toMatch(
    /^tmpfs\s+16\s/,
  );

  await test.step('a path that is none is told at its field', async () => {
    await page.goto('/volumes/new');
    await page.getByRole('radio', { name: 'A host path' }).check();
    await page.getByRole('textbox', { name: 'Path on the host' }).fill('srv');
    await page.getByRole('button', { name: 'Create volume' }).click();
    await expect(page.getByText('Paths begin with a slash.')).toBeVisible();
  });
  docker('volume', 'rm', bind, memory);
  rmSync(directory, { recursive: true });
});

test('the files of a volume are browsed without a container', async ({ page, stack, containerName }) => {
  const { docker } = stack.agent;
  const name = `${containerName}-files`;
  docker('run', '--rm', '--volume', `${name}:/v`, busybox, 'sh', '-c', 'mkdir /v/sub; echo hi >/v/sub/greeting');
  await openVolume(page, name);
  await openTab(page, 'Files');
  await expect(fileRow(page, 'sub')).toContainText('drwxr-xr-x');
  docker('volume', 'rm', name);
});

test('a backup that breaks off is not taken for a whole one', async ({ page, stack, containerName }) => {
  const { docker } = stack.agent;
  const name = `${containerName}-large`;
  const hole = 'dd if=/dev/zero of=/v/hole bs=1M count=0 seek=20000 2>/dev/null';
  docker('run', '--rm', '--volume', `${name}:/v`, busybox, 'sh', '-c', hole);
  await openVolume(page, name);
  const started = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download backup' }).click();
  const download = await started;
  await stack.agent.kill();
  expect(await download.failure()).not.toBeNull();
  await stack.agent.start();
  docker('volume', 'rm', name);
});
