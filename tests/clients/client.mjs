// Asks foaf: over connections that are kept, a few requests at a time.

import { Agent, request as httpRequest } from 'node:http';
import { toJson } from './values.mjs';

export class Client {
  constructor(url) {
    this.url = new URL(url);
    if (this.url.pathname === '/') this.url.pathname = '/graphql';
    this.agent = new Agent({ keepAlive: true, maxSockets: 8 });
  }

  // The text of a request's body: what foaf is sent, and what the judge reads.
  static body({ query, variables, operationName }) {
    return toJson({ query, variables, operationName });
  }

  // What foaf makes of a request: `{ status, answer, position }`.
  send(body) {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      'content-length': Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      const sent = httpRequest(this.url, { method: 'POST', agent: this.agent, headers }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          let answer;
          try {
            answer = JSON.parse(text);
          } catch {
            answer = undefined;
          }
          resolve({ status: response.statusCode, answer, text, position: response.headers['foaf-position'] });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  // The data of a query that has to succeed.
  async data(query, variables) {
    const { status, answer, text } = await this.send(Client.body({ query, variables }));
    if (status !== 200 || answer.errors) throw new Error(`${query} was answered ${status}: ${text}`);
    return answer.data;
  }

  // The end of the log, as a token and as a number.
  async logEnd() {
    const { projection } = await this.data('{ projection { logEnd } }');
    return { token: projection.logEnd, position: positionOf(projection.logEnd) };
  }

  // What there is in the graph to ask for.
  async facts() {
    const node = 'cursor node { id uuid handle friends(first: 2) { edges { cursor node { id } } } }';
    const { users } = await this.data(`{ users(first: 8) { edges { ${node} } } }`);
    if (users.edges.length < 2) throw new Error('the graph has not two users to ask for: `foaf demo` has');
    const found = users.edges.map((edge) => edge.node);
    const pairs = found.slice(1).map(({ id }, place) => [found[place].id, id]);
    const friends = found.flatMap(({ id, friends: { edges } }) => edges.map((edge) => [id, edge.node.id]));
    const asked = [...pairs, ...friends].slice(0, 12);
    const friendships = await this.data(
      `{ ${asked.map((_, place) => `f${place}: friendship(between: ["${asked[place].join('", "')}"]) { id }`)} }`,
    );
    const cursors = [
      ...users.edges.map(({ cursor }) => cursor),
      ...found.flatMap(({ friends: { edges } }) => edges.map(({ cursor }) => cursor)),
    ];
    return {
      users: found.map(({ id }) => id),
      uuids: found.map(({ uuid }) => uuid),
      handles: ['valjean', ...found.map(({ handle }) => handle)],
      friendships: Object.values(friendships).map(({ id }) => id),
      cursors,
      position: (await this.logEnd()).token,
    };
  }

  close() {
    this.agent.destroy();
  }
}

// The number in a position token: after the 16 bytes that name the log.
export function positionOf(token) {
  return Buffer.from(token, 'base64url').readBigUInt64BE(16);
}

// The token of another position in the log that a token is of.
export function tokenAt(token, position) {
  const bytes = Buffer.from(token, 'base64url');
  bytes.writeBigUInt64BE(position, 16);
  return bytes.toString('base64url');
}

// Runs `work` on each item, at most so many at a time.
export async function inParallel(items, atOnce, work) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const place = next;
      next += 1;
      await work(items[place], place);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
