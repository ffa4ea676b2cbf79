import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDigest, readManifest } from './content.ts';
import { registryLimits } from './limits.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const oci = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
const docker = 'application/vnd.docker.distribution.manifest.v2+json';
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 10 };
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 10 };
const manifest = { schemaVersion: 2, config, layers: [layer] };
const index = { schemaVersion: 2, manifests: [{ mediaType: oci, digest, size: 10 }] };
const read = (content: unknown, type: string) =>
  readManifest(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), type, registryLimits);

test('manifests and indexes of both families are read', () => {
  assert.equal(read(manifest, oci).kind, 'image');
  assert.equal(read({ ...manifest, mediaType: docker }, docker).mediaType, docker);
  assert.equal(read({ ...manifest, mediaType: docker }, 'application/json; charset=utf-8').mediaType, docker);
  assert.equal(read(index, ociIndex).kind, 'index');
  assert.equal(read({ ...manifest, layers: [layer, layer] }, oci).kind, 'image');
});

test('what is no image, or two things at once, is refused with the reason', () => {
  const cases: [unknown, string, RegExp][] = [
    ['<html>', oci, /not JSON/],
    ['[]', oci, /no JSON object/],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, oci, /no JSON object|not JSON/],
    [manifest, 'text/html', /"text\/html" is not supported/],
    [manifest, 'application/json', /is not supported/],
    [{ ...manifest, mediaType: ociIndex }, oci, /served as .* and calls itself/],
    [{ ...manifest, mediaType: docker }, oci, /served as .* and calls itself/],
    [{ ...manifest, ...index }, oci, /both an index and a manifest/],
    [{ ...manifest, ...index }, ociIndex, /both an index and a manifest/],
    [{ ...manifest, schemaVersion: 1 }, oci, /schema 1/],
    [{ schemaVersion: 1, fsLayers: [] }, 'application/vnd.docker.distribution.manifest.v1+prettyjws', /schema 1/],
    [{ ...manifest, schemaVersion: 3 }, oci, /schemaVersion/],
    [{ ...manifest, fsLayers: [] }, oci, /both/],
    [{ schemaVersion: 2, layers: [] }, oci, /config/],
    [{ ...manifest, config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } }, oci, /no image/],
    [{ ...manifest, config: { ...config, size: 5 * 1024 ** 2 } }, oci, /larger/],
    [{ ...manifest, config: { ...config, size: -1 } }, oci, /config.size/],
    [{ ...manifest, config: { ...config, digest: 'sha512:x' } }, oci, /no sha256 digest/],
    [{ ...manifest, config: { ...config, digest: `sha256:../../${'a'.repeat(58)}` } }, oci, /no sha256 digest/],
    [{ ...manifest, layers: Array(501).fill(layer) }, oci, /layers/],
    [{ ...index, manifests: Array(1001).fill(index.manifests[0]) }, ociIndex, /manifests/],
    [
      { ...manifest, layers: [{ ...layer, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }] },
      oci,
      /is foreign/,
    ],
    [
      {
        ...manifest,
        layers: [
          { ...layer, mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar', urls: ['http://x'] },
        ],
      },
      oci,
      /is foreign/,
    ],
    [{ ...manifest, layers: [{ ...layer, mediaType: 'application/zip' }] }, oci, /layer media type/],
    [{ ...manifest, layers: [{ ...layer, size: 1e300 }] }, oci, /layers.0.size/],
  ];
  for (const [content, type, message] of cases) {
    assert.throws(() => read(content, type), message, JSON.stringify(content).slice(0, 200));
  }
});

test('the digest is that of the bytes', () => {
  checkDigest(Buffer.from(''), 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'x');
  assert.throws(() => checkDigest(Buffer.from('x'), digest, 'the manifest'), /the manifest does not match digest/);
});
