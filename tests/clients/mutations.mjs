// Lets graphql-js run random mutations over a model of the rules: foaf has to answer as it does, and its log has to
// grow by as many records. Each document is sent alone, and the log is looked at before and after it.
//
// node mutations.mjs URL [SEED] [COUNT]

import { randomBytes } from 'node:crypto';
import { Client, positionOf } from './client.mjs';
import { mutations, Inputs } from './commands.mjs';
import { compare, Tally } from './compare.mjs';
import { complete, judge, schema } from './judge.mjs';
import { rereadings } from './known.mjs';
import { Random } from './random.mjs';
import { Model, Trial, Unmodelled } from './rules.mjs';

const [url, seed = 1, count = 1000] = [process.argv[2], ...process.argv.slice(3).map(Number)];
if (!url || !Number.isInteger(seed) || !Number.isInteger(count)) {
  console.error('usage: node mutations.mjs URL [SEED] [COUNT]');
  process.exit(2);
}

const PERSON = 'id uuid handle firstName lastName state';

// Everybody there is, as users that this run did not make.
async function everybody(client) {
  const users = [];
  for (let after = null; ;) {
    const query = `query($after: String) { users(first: 500, after: $after) { edges { node { ${PERSON} } } pageInfo { hasNextPage endCursor } } }`;
    const { edges, pageInfo } = (await client.data(query, { after })).users;
    users.push(...edges.map(({ node }) => [node.handle, { ...node, isMet: true }]));
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  // A prefix of its own, so that a log can be used for several runs.
  const prefix = `m${randomBytes(4).toString('hex')}`;
  return new Model({ users, foreign: users.map(([handle]) => handle), prefix });
}

// Whether the model can tell what a request comes to, in every reading of it.
function isModelled(request, model, start) {
  const read = JSON.parse(Client.body(request));
  for (const reading of [read, ...rereadings(read)]) {
    const { verdict, document } = judge(reading);
    if (verdict === 'refused') continue;
    const { errors = [] } = complete(reading, document, {}, new Trial(model, { start }));
    if (errors.some(({ originalError }) => originalError instanceof Unmodelled)) return false;
  }
  return true;
}

// Tells the model the ids of its new users; says who of them is not in the graph.
async function meet(client, model, position) {
  const fresh = [...model.users.values()].filter(({ isMet }) => !isMet);
  if (fresh.length === 0) return undefined;
  const asked = fresh.map(({ handle }, place) => `u${place}: user(by: {handle: "${handle}"}) { id }`);
  const query = `query($position: Position!) { atLeast(position: $position, waitMs: 10000) { ${asked.join(' ')} } }`;
  const found = Object.values((await client.data(query, { position })).atLeast);
  fresh.forEach(({ handle }, place) => model.change(handle, { id: found[place]?.id, isMet: true }));
  const missing = fresh.filter((_, place) => !found[place]);
  return missing.length > 0 ? `${missing.map(({ handle }) => handle).join(', ')}: not in the graph` : undefined;
}

// What the graph holds of this run's users and pairs other than the model.
async function misremembered(client, model) {
  const wrong = [];
  const own = [...model.users.values()].filter(({ handle }) => !model.foreign.has(handle));
  for (const part of parts(own, 100)) {
    const query = `query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { ${PERSON} } } }`;
    const { nodes } = await client.data(query, { ids: part.map(({ id }) => id) });
    part.forEach((user, place) => {
      const differs = ['handle', 'firstName', 'lastName', 'state'].some((name) => nodes[place]?.[name] !== user[name]);
      if (differs) wrong.push(`${JSON.stringify(nodes[place])} is in the graph, and not ${JSON.stringify(user)}`);
    });
  }
  for (const part of parts([...model.pairs], 20)) {
    const asked = part.map(([pair], place) => {
      const ids = pair.split(' ').map((handle) => model.users.get(handle).id);
      return `p${place}: friendship(between: ["${ids.join('", "')}"]) { state requestedBy { handle } }`;
    });
    const found = Object.values(await client.data(`{ ${asked.join(' ')} }`));
    part.forEach(([pair, stands], place) => {
      const { state, requestedBy } = found[place] ?? {};
      if ((requestedBy?.handle ?? state) !== stands)
        wrong.push(`${pair}: ${JSON.stringify(found[place])}, not ${stands}`);
    });
  }
  return wrong;
}

function parts(items, size) {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, place) =>
    items.slice(place * size, (place + 1) * size),
  );
}

const client = new Client(url);
const random = new Random(seed);
const inputs = new Inputs(random, await client.facts());
let model = await everybody(client);
const next = mutations(schema, inputs.facts, random, inputs);
const tally = new Tally();
let start = (await client.logEnd()).token;
const first = start;

for (let sent = 0; sent < count; sent += 1) {
  inputs.start(model);
  let request = next();
  while (!isModelled(request, model, start)) request = next();
  const response = await client.send(Client.body(request));
  const end = (await client.logEnd()).token;
  const result = compare(request, response, (answer) => new Trial(model, { start, end, answer }));
  // Refused before the execution: nothing may have been run.
  if (result.answered !== 'executed' && end !== start)
    Object.assign(result, { difference: 'records', message: 'the log grew', entry: undefined });
  if (result.trial) {
    model = result.trial.model;
    const missing = await meet(client, model, end);
    if (missing) Object.assign(result, { difference: 'graph', message: missing, entry: undefined });
  }
  tally.add(result);
  // From here on, the model cannot know.
  if (result.difference && !result.entry) model = await everybody(client);
  start = end;
}

await tally.print();
const wrong = await misremembered(client, model);
wrong.slice(0, 5).forEach((problem) => console.log(problem));
client.close();
const { executed, refused, differences, known } = tally.totals;
console.log(
  `${count} documents from seed ${seed}: ${executed} executed, ${refused} refused, ${positionOf(start) - positionOf(first)} records, ${differences} differences (${known} known)`,
);
process.exit(tally.isGood(count) && wrong.length === 0 ? 0 : 1);
