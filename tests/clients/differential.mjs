// Lets graphql-js judge foaf's front half: the same random requests to both, and every difference is told.
//
// node differential.mjs URL [SEED] [COUNT]

import { Client, inParallel } from './client.mjs';
import { compare, sortOf, Tally, writes } from './compare.mjs';
import { generator } from './generate.mjs';
import { judge, schema } from './judge.mjs';
import { shrink } from './shrink.mjs';

const AT_ONCE = 8;

const [url, seed = 1, count = 3000] = [process.argv[2], ...process.argv.slice(3).map(Number)];
if (!url || !Number.isInteger(seed) || !Number.isInteger(count)) {
  console.error('usage: node differential.mjs URL [SEED] [COUNT]');
  process.exit(2);
}

const client = new Client(url);
const next = generator(schema, await client.facts(), seed);
const before = await client.logEnd();

// A mutation that would be executed is not for here: `mutations.mjs` has those.
function isForHere(request) {
  const { verdict, operation } = judge(JSON.parse(Client.body(request)));
  return verdict === 'refused' || !writes(operation);
}

const requests = [];
while (requests.length < count) {
  const request = next();
  if (isForHere(request)) requests.push(request);
}
const results = new Array(count);
const ask = async (request) => compare(request, await client.send(Client.body(request)));
await inParallel(requests, AT_ONCE, async (request, place) => {
  results[place] = await ask(request);
});

// Before the differences are looked at more closely.
const after = await client.logEnd();
const wrote = after.position !== before.position;

const tally = new Tally();
results.forEach((result) => tally.add(result));
await tally.print(async ({ request }, sort) => {
  const shows = async (shorter) => {
    if (!isForHere(shorter)) return false;
    const result = await ask(shorter);
    return result.difference && !result.entry && sortOf(result) === sort;
  };
  return ask(await shrink(request, shows));
});
if (wrote) console.log(`the log grew by ${after.position - before.position}: something was written`);
client.close();
const { executed, refused, differences, known } = tally.totals;
console.log(
  `${count} requests from seed ${seed}: ${executed} executed, ${refused} refused, ${differences} differences (${known} known)`,
);
process.exit(tally.isGood(count) && !wrote ? 0 : 1);
