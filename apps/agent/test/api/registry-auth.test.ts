/** Registries that want to know who asks: a token server, a CA of one's own, a client's certificate. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { DockerRegistry, password, user } from '../registry/docker-registry.ts';
import { HostileRegistry } from '../registry/hostile.ts';
import { identityToken, issuer, service, tokenServer } from '../registry/token-server.ts';
import { TestAgent } from './agent.ts';

const agent = new TestAgent();
const file = (name: string) => path.join(agent.directory, name);
/** Not loopback, so that nothing is taken for granted. */
const address = '10.99.99.2';
const tokens = new HostileRegistry();
const realm = `http://127.0.0.1:5010/token`;
const guarded = new DockerRegistry({
  port: 5011,
  namespace: agent.name,
  auth: { realm, service, issuer, rootCertificate: file('token.crt') },
});
const secure = new DockerRegistry({
  port: 5443,
  address,
  namespace: agent.name,
  tls: { certificate: file('server.crt'), key: file('server.key'), clientCa: file('ca.crt') },
});

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8', cwd: agent.directory });
  assert.equal(status, 0, stderr);
}

function certificates(): void {
  const request = ['-newkey', 'rsa:2048', '-nodes'];
  openssl('req', '-x509', ...request, '-days', '2', '-subj', '/CN=token', '-keyout', 'token.key', '-out', 'token.crt');
  openssl('req', '-x509', ...request, '-days', '2', '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt');
  for (const [name, extension] of [
    ['server', `subjectAltName=IP:${address}`],
    ['client', 'extendedKeyUsage=clientAuth'],
  ]) {
    openssl(
      'req',
      ...request,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `${extension}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.crt`);
  }
}

/** The token server answers in this process, which so has to go on. */
function docker(...args: string[]): Promise<{ failed: boolean; text: string }> {
  const all = ['-H', `unix://${agent.socket}`, '--config', file('docker-config'), ...args];
  return new Promise((resolve) => {
    execFile('docker', all, { timeout: 60_000 }, (error, out, err) =>
      resolve({ failed: error !== null, text: out + err }),
    );
  });
}

async function ok(...args: string[]): Promise<string> {
  const { failed, text } = await docker(...args);
  assert.equal(failed, false, `docker ${args.join(' ')}: ${text}`);
  return text;
}

before(async () => {
  certificates();
  mkdirSync(file('docker-config'));
  agent.inNamespace('ip', 'addr', 'add', `${address}/32`, 'dev', 'lo');
  const key = {
    privateKey: readFileSync(file('token.key'), 'utf8'),
    certificate: readFileSync(file('token.crt'), 'utf8'),
  };
  tokens.answers.set('/token', tokenServer(key));
  await Promise.all([
    agent.start(),
    guarded.start(),
    secure.start(),
    tokens.startInside(agent.name, agent.directory, '127.0.0.1:5010'),
  ]);
});
after(async () => {
  tokens.stop();
  await Promise.all([guarded.stop(), secure.stop()]);
  await agent.remove();
});

test('a token server decides who may push and who may pull', async () => {
  await ok('tag', 'busybox', '127.0.0.1:5011/public/app:1');
  await ok('tag', 'busybox', '127.0.0.1:5011/private/app:1');
  assert.match(
    (await docker('push', '127.0.0.1:5011/public/app:1')).text,
    /denied: requested access to the resource is denied|unauthorized/,
  );
  const wrong = await docker('login', '--username', user, '--password', 'wrong', '127.0.0.1:5011');
  assert.equal(wrong.failed, true);
  assert.match(wrong.text, /unauthorized: incorrect username or password/);
  assert.match(await ok('login', '--username', user, '--password', password, '127.0.0.1:5011'), /Login Succeeded/);
  // The CLI keeps what the token server gave in the password's place.
  const saved = readFileSync(file('docker-config/config.json'), 'utf8');
  assert.ok(saved.includes(identityToken), saved);
  for (const name of ['public', 'private'])
    assert.match(await ok('push', `127.0.0.1:5011/${name}/app:1`), /digest: sha256:/);
  // A blob of one repository is mounted in another with a token for both.
  await ok('tag', 'busybox', '127.0.0.1:5011/another/app:1');
  assert.match(await ok('push', '127.0.0.1:5011/another/app:1'), /Mounted from (public|private)\/app/);
  assert.ok(
    tokens.asked.some(({ method }) => method === 'POST'),
    'the identity token was used',
  );
  await ok('logout', '127.0.0.1:5011');
  await ok('pull', '127.0.0.1:5011/public/app:1');
  const refused = await docker('pull', '127.0.0.1:5011/private/app:1');
  assert.match(
    refused.text,
    /pull access denied for 127.0.0.1:5011\/private\/app|unauthorized: authentication required/,
  );
});

test('a registry behind a CA of one’s own wants it known, and the client as well', async () => {
  const name = `${address}:5443/app:1`;
  await ok('tag', 'busybox', name);
  assert.match((await docker('push', name)).text, /certificate signed by unknown authority/);
  const certs = path.join(agent.directory, 'data/certs.d', `${address}:5443`);
  mkdirSync(certs, { recursive: true });
  copyFileSync(file('ca.crt'), path.join(certs, 'ca.crt'));
  assert.match(
    (await docker('push', name)).text,
    /certificate required|handshake failure|bad certificate|connection reset/,
  );
  copyFileSync(file('client.crt'), path.join(certs, 'client.cert'));
  assert.match((await docker('push', name)).text, /has no .key beside it/);
  writeFileSync(path.join(certs, 'client.key'), 'garbage');
  assert.match((await docker('push', name)).text, /certificates for .* in certs.d cannot be used/);
  copyFileSync(file('client.key'), path.join(certs, 'client.key'));
  assert.match(await ok('push', name), /digest: sha256:/);
  await ok('rmi', name);
  await ok('pull', name);
  rmSync(certs, { recursive: true });
  assert.match((await docker('pull', name)).text, /certificate signed by unknown authority/);
});

test('docker info tells how registries are spoken to', async () => {
  const { text } = await agent.ask('GET', '/info');
  const { IndexServerAddress, RegistryConfig } = JSON.parse(text);
  assert.equal(IndexServerAddress, 'https://index.docker.io/v1/');
  assert.ok(RegistryConfig.InsecureRegistryCIDRs.includes('127.0.0.0/8'));
  assert.equal(RegistryConfig.IndexConfigs['docker.io'].Secure, true);
});
