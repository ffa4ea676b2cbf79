import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { openTab } from './steps/containers.ts';
import {
  beginEditing,
  chooseAction,
  deleteEntry,
  downloadEntry,
  editor,
  fileGrid,
  fileRow,
  goToStep,
  makeEntry,
  openEntry,
  uploadFiles,
} from './steps/files.ts';

test.beforeEach(({ starterImageLoaded: _ }) => {});

const busybox = 'busybox:latest';

async function openFiles(page: Page, containerName: string): Promise<void> {
  await page.goto('/containers');
  await page.getByRole('link', { name: containerName, exact: true }).click();
  await openTab(page, 'Files');
  await expect(fileRow(page, 'etc')).toBeVisible();
}

for (const state of ['running', 'stopped'] as const) {
  test(`files of a ${state} container are seen, changed, sent and taken`, async ({ page, stack, containerName }) => {
    const { docker } = stack.agent;
    const script = `mkdir -p /w/old/deep; printf 'one\\ntwo\\n' >/w/notes.txt; chmod 640 /w/notes.txt; chown 1000:1000 /w/notes.txt
      ln -s notes.txt /w/link; ln -s old /w/dirlink; dd if=/dev/urandom of=/w/noise bs=4096 count=1 2>/dev/null; touch /w/old/deep/x; ${state === 'running' ? 'sleep 1000' : ''}`;
    docker('run', '--detach', '--name', containerName, busybox, 'sh', '-c', script);
    if (state === 'stopped') docker('wait', containerName);
    const content = (file: string): Buffer => {
      const copy = path.join(stack.directory, `${containerName}-copy`);
      docker('cp', `${containerName}:${file}`, copy);
      return readFileSync(copy);
    };
    await openFiles(page, containerName);
    await openEntry(page, 'w');

    await test.step('see', async () => {
      await expect(fileRow(page, 'notes.txt')).toContainText('8 B');
      await expect(fileRow(page, 'notes.txt')).toContainText('-rw-r-----');
      await expect(fileRow(page, 'notes.txt')).toContainText('1000:1000');
      await expect(fileRow(page, 'link')).toContainText('notes.txt');
      await openEntry(page, 'dirlink');
      await expect(fileRow(page, 'deep')).toBeVisible();
      await page.goBack();
      await openEntry(page, 'link');
      await expect(editor(page)).toContainText('two');
      await goToStep(page, 'w');
    });

    await test.step('edit, with owner and mode kept', async () => {
      await beginEditing(page, 'notes.txt');
      await page.keyboard.type('three\n');
      await expect(page.getByText('Not saved')).toBeVisible();
      await page.keyboard.press('Control+s');
      await expect(page.getByText('notes.txt was saved.')).toBeVisible();
      expect(content('/w/notes.txt').toString()).toBe('one\ntwo\nthree\n');
      await goToStep(page, 'w');
      await expect(fileRow(page, 'notes.txt')).toContainText('-rw-r-----');
      await expect(fileRow(page, 'notes.txt')).toContainText('1000:1000');
    });

    await test.step('what is no text is offered as a download', async () => {
      await openEntry(page, 'noise');
      await expect(page.getByText('This is not text')).toBeVisible();
      await goToStep(page, 'w');
      expect((await downloadEntry(page, 'noise')).equals(content('/w/noise'))).toBe(true);
    });

    await test.step('new directory and new file', async () => {
      await makeEntry(page, 'New directory', 'fresh');
      await openEntry(page, 'fresh');
      await expect(page.getByText('This directory is empty')).toBeVisible();
      await makeEntry(page, 'New file', 'empty.conf');
      await expect(page.getByRole('button', { name: 'Edit', exact: true })).toBeVisible();
      await goToStep(page, 'fresh');
      await expect(fileRow(page, 'empty.conf')).toContainText('0 B');
    });

    await test.step('upload several, and replace only after asking', async () => {
      const big = Buffer.alloc(3 * 1024 * 1024, 'x');
      const text = (name: string, buffer: Buffer) => ({ name, mimeType: 'text/plain', buffer });
      await uploadFiles(page, [text('a.txt', Buffer.from('first')), text('big', big)]);
      await expect(page.getByText('2 uploads finished')).toBeVisible();
      await expect(fileRow(page, 'big')).toContainText('3 MiB');
      expect(content('/w/fresh/big').equals(big)).toBe(true);
      await uploadFiles(page, [text('a.txt', Buffer.from('second'))]);
      const dialog = page.getByRole('alertdialog');
      await expect(dialog).toContainText('a.txt');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      expect(content('/w/fresh/a.txt').toString()).toBe('first');
      await uploadFiles(page, [text('a.txt', Buffer.from('second'))]);
      await dialog.getByRole('button', { name: 'Replace' }).click();
      await expect(page.getByText('3 uploads finished')).toBeVisible();
      expect(content('/w/fresh/a.txt').toString()).toBe('second');
    });

    await test.step('a directory as a tar', async () => {
      await goToStep(page, 'w');
      const tar = path.join(stack.directory, `${containerName}.tar`);
      writeFileSync(tar, await downloadEntry(page, 'old', 'Download as tar'));
      expect(execFileSync('tar', ['tf', tar], { encoding: 'utf8' })).toContain('old/deep/x');
    });

    await test.step('delete', async () => {
      await deleteEntry(page, 'link');
      await expect(fileRow(page, 'link')).toHaveCount(0);
      await expect(fileRow(page, 'notes.txt')).toBeVisible();
      await deleteEntry(page, 'old');
      await expect(fileRow(page, 'old')).toHaveCount(0);
    });

    await test.step('every step is in the audit log', async () => {
      await page.goto('/audit');
      for (const [action, what] of [
        ['List directory', '/w'],
        ['Read file', '/w/notes.txt'],
        ['Write file', '/w/notes.txt'],
        ['Download file', '/w/noise'],
        ['Download directory', '/w/old'],
        ['Create directory', '/w/fresh'],
        ['Delete file', '/w/old'],
      ] as const)
        await expect(
          page
            .getByRole('row')
            .filter({ hasText: action })
            .filter({ hasText: `${containerName}:${what}` }),
        ).not.toHaveCount(0);
    });
    docker('rm', '--force', containerName);
  });
}

test('a file changed by somebody else meanwhile is not overwritten unasked', async ({ page, stack, containerName }) => {
  const { docker } = stack.agent;
  docker('run', '--detach', '--name', containerName, busybox, 'sh', '-c', 'mkdir /w; echo old >/w/shared; sleep 1000');
  const write = (text: string) => docker('exec', containerName, 'sh', '-c', `echo ${text} >/w/shared`);
  const read = () => docker('exec', containerName, 'cat', '/w/shared');
  await openFiles(page, containerName);
  await openEntry(page, 'w');

  await beginEditing(page, 'shared');
  write('theirs');
  await page.keyboard.type('mine');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const warning = page.getByRole('main').getByRole('alert');
  await expect(warning).toContainText('The file was changed meanwhile');
  expect(read()).toBe('theirs');
  await warning.getByRole('button', { name: 'Read it again, discard mine' }).click();
  await expect(editor(page)).toContainText('theirs');

  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.keyboard.press('Control+End');
  write('theirs-again');
  await page.keyboard.type('mine');
  await page.keyboard.press('Control+s');
  await warning.getByRole('button', { name: 'Save mine over it' }).click();
  await expect(page.getByText('shared was saved.')).toBeVisible();
  expect(read()).toBe('theirs\nmine');

  await test.step('what is not saved is not lost by a click', async () => {
    await page.keyboard.type('more');
    await page.getByRole('tab', { name: 'Overview' }).click();
    const dialog = page.getByRole('alertdialog');
    await expect(dialog).toContainText('Discard the changes to shared?');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(editor(page)).toContainText('more');
    await page.getByRole('tab', { name: 'Overview' }).click();
    await dialog.getByRole('button', { name: 'Discard changes' }).click();
    await expect(page.getByRole('tab', { name: 'Overview' })).toHaveAttribute('aria-selected', 'true');
  });
  docker('rm', '--force', containerName);
});

test('hostile names and contents are shown as what they are', async ({ page, stack, containerName }) => {
  const { docker } = stack.agent;
  const script = String.raw`mkdir /w; cd /w
    touch "$(printf 'line\nbreak')" "$(printf 'cod\342\200\256gpj.exe')" "$(printf 'zero\342\200\213width')" "$(printf 'esc\033[31m')"
    mkdir '<img src=x onerror=document.title="owned">'; touch '<img src=x onerror=document.title="owned">/<script>document.title="owned"<'
    printf '<script>document.title="owned"</script>\n\342\200\256evil\n' >page.html
    ln -s '"><script>document.title="owned"</script>' link
    ln -s /etc/shadow ../../../../w/up; sleep 1000`;
  docker('run', '--detach', '--name', containerName, busybox, 'sh', '-c', script);
  const dialogs: string[] = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    dialog.dismiss();
  });
  await openFiles(page, containerName);
  await openEntry(page, 'w');
  const grid = fileGrid(page);
  await expect(grid).toContainText('line\\nbreak');
  await expect(grid).toContainText('codU+202Egpj.exe');
  await expect(grid).toContainText('zeroU+200Bwidth');
  await expect(grid).toContainText('esc\\e[31m');
  await expect(grid).toContainText('"><script>document.title="owned"</script>');
  // No character of a name is there that could turn or hide others.
  expect(await page.getByRole('main').textContent()).not.toMatch(/[\p{Cc}\p{Cf}]/u);

  await test.step('each can be opened, taken and deleted under its real name', async () => {
    await openEntry(page, '<img src=x onerror=document.title="owned">');
    await expect(fileRow(page, '<script>document.title="owned"<')).toBeVisible();
    await goToStep(page, 'w');
    await openEntry(page, 'line\\nbreak');
    await expect(page.getByRole('button', { name: 'Edit', exact: true })).toBeVisible();
    await goToStep(page, 'w');
    await deleteEntry(page, 'line\\nbreak');
    await expect(fileRow(page, 'line\\nbreak')).toHaveCount(0);
    expect(docker('exec', containerName, 'sh', '-c', 'ls /w | grep -c line || true')).toBe('0');
    const started = page.waitForEvent('download');
    await chooseAction(page, 'codU+202Egpj.exe', 'Download');
    expect((await started).suggestedFilename()).toBe('cod_gpj.exe');
  });

  await test.step('markup in a file is text', async () => {
    await openEntry(page, 'page.html');
    await expect(editor(page)).toContainText('<script>document.title="owned"</script>');
    expect(await editor(page).textContent()).not.toContain('\u202e');
    await expect(page.locator('.cm-specialChar').first()).toBeVisible();
  });

  await test.step('a file opened by its address is a download, not a page', async () => {
    const [hostId, containerId] = /hosts\/([^/]+)\/containers\/([^/?]+)/.exec(page.url())?.slice(1) ?? [];
    const answer = await page.request.get(`/api/hosts/${hostId}/containers/${containerId}/file?path=/w/page.html`);
    expect(answer.headers()).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="page.html"; filename*=UTF-8''page.html`,
    });
    const foreign = await page.request.delete(`/api/hosts/${hostId}/containers/${containerId}/file?path=/w/page.html`, {
      headers: { origin: 'https://elsewhere.test' },
    });
    expect(foreign.status()).toBe(403);
    const climbing = await page.request.get(
      `/api/hosts/${hostId}/containers/${containerId}/file?path=${encodeURIComponent('/../../../../etc/hostname')}`,
    );
    if (climbing.ok()) expect(await climbing.text()).not.toBe(readFileSync('/etc/hostname', 'utf8'));
  });

  await page.goto('/audit');
  await expect(page.getByRole('main')).toContainText('line\\nbreak');
  expect(await page.title()).not.toContain('owned');
  expect(dialogs).toEqual([]);
  docker('rm', '--force', containerName);
});

test('thousands of entries are walked with the keyboard alone', async ({ page, stack, containerName }) => {
  const { docker } = stack.agent;
  const script =
    'mkdir -p /w/inner; cd /w; i=0; while [ $i -lt 3000 ]; do : >f$i; i=$((i+1)); done; echo deep >inner/note; sleep 1000';
  docker('run', '--detach', '--name', containerName, busybox, 'sh', '-c', script);
  await expect.poll(() => docker('exec', containerName, 'ls', '/w/inner'), { timeout: 60_000 }).toBe('note');
  await openFiles(page, containerName);
  await openEntry(page, 'w');
  await expect(page.getByText('3,001 entries')).toBeVisible();
  const grid = fileGrid(page);
  expect(await grid.getByRole('row').count()).toBeLessThan(100);

  await grid.focus();
  await page.keyboard.press('End');
  await expect(fileRow(page, 'f2999')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Home');
  await expect(fileRow(page, 'inner')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(fileRow(page, 'note')).toBeVisible();
  await grid.focus();
  await page.keyboard.press('Backspace');
  await expect(fileRow(page, 'inner')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('/');
  await page.keyboard.type('f2718');
  await expect(page.getByText('1 of 3,001')).toBeVisible();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Delete');
  await expect(page.getByRole('alertdialog')).toContainText('Delete f2718?');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('alertdialog')).toBeHidden();
  await page.keyboard.press('ArrowDown');
  docker('rm', '--force', containerName);
});
