/** Requests as they are, with headers and bytes, on the socket of an agent. */
import http from 'node:http';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** Of a JSON answer. */
  json: () => ReturnType<typeof JSON.parse>;
}

export function request(
  socketPath: string,
  method: string,
  path: string,
  { headers = {}, body = Buffer.alloc(0) }: { headers?: http.OutgoingHttpHeaders; body?: Buffer | string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = http.request({ socketPath, method, path, agent: false, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('close', () => reject(new Error('the connection was closed in the middle of an answer')));
      answer.on('end', () => {
        const all = Buffer.concat(chunks);
        const json = () => JSON.parse(all.toString('utf8'));
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: all, json });
      });
    });
    // The agent may answer and hang up before it has read everything.
    sent.on('error', (error) => ('code' in error && error.code === 'EPIPE' ? undefined : reject(error)));
    sent.on('close', () => reject(new Error('the connection was closed without an answer')));
    sent.end(body);
  });
}
