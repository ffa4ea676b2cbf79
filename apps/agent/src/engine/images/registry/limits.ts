/** Every bound of a conversation with a registry, which is a stranger until its bytes have been checked. */
export interface RegistryLimits {
  connectMs: number;
  /** From the request's last byte to the answer's headers. */
  headersMs: number;
  /** Between two pieces of a body that is waited for. */
  idleMs: number;
  /** Waiting for a body is given up when a window of this length brought less than the bytes below. */
  slowWindowMs: number;
  slowWindowBytesMin: number;
  attempts: number;
  backoffMs: number;
  backoffMsMax: number;
  /** A registry that asks for a longer pause is taken at its word: the request fails. */
  retryAfterMsMax: number;
  redirectsMax: number;
  socketsPerHost: number;
  /** A connection that nobody uses is kept so long. */
  keepAliveMs: number;
  /** Hosts that a registry may send us to and whose connections are kept. */
  originsMax: number;
  manifestBytesMax: number;
  configBytesMax: number;
  /** Of errors, tokens and lists of tags. */
  answerBytesMax: number;
  layersMax: number;
  indexEntriesMax: number;
  /** Indexes inside an index. */
  indexDepthMax: number;
  tagsMax: number;
  uploadChunkBytes: number;
  /** A token is not used in its last seconds. */
  tokenMarginMs: number;
  tokensMax: number;
}

export const registryLimits: Readonly<RegistryLimits> = Object.freeze({
  connectMs: 10_000,
  headersMs: 30_000,
  idleMs: 30_000,
  slowWindowMs: 60_000,
  slowWindowBytesMin: 64 * 1024,
  attempts: 5,
  backoffMs: 500,
  backoffMsMax: 10_000,
  retryAfterMsMax: 60_000,
  redirectsMax: 10,
  socketsPerHost: 8,
  keepAliveMs: 15_000,
  originsMax: 16,
  manifestBytesMax: 4 * 1024 ** 2,
  configBytesMax: 4 * 1024 ** 2,
  answerBytesMax: 1024 ** 2,
  layersMax: 500,
  indexEntriesMax: 1000,
  indexDepthMax: 3,
  tagsMax: 10_000,
  uploadChunkBytes: 16 * 1024 ** 2,
  tokenMarginMs: 10_000,
  tokensMax: 1000,
});
