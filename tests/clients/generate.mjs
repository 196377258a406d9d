// Random GraphQL requests from a seed: about a third valid, a third nearly valid, and a third wrong in many ways.

import { Builder } from './build.mjs';
import { damage, damageTokens } from './damage.mjs';
import { ODDITIES } from './oddities.mjs';
import { layOut, tokensOf } from './print.mjs';
import { Random } from './random.mjs';

// A function that gives one request after the other: `{ query, variables, operationName }`. `facts` tell what there is
// in the graph to ask for.
export function generator(schema, facts, seed) {
  const random = new Random(seed);
  return () => {
    const sort = random.weighted([
      [33, 'valid'],
      [34, 'nearly'],
      [25, 'wrong'],
      [8, 'odd'],
    ]);
    return sort === 'odd' ? odd(facts, random) : made(schema, facts, random, sort);
  };
}

function made(schema, facts, random, sort) {
  const builder = new Builder(schema, facts, random);
  const root = sort !== 'valid' && random.chance(0.08) ? 'Mutation' : 'Query';
  const request = builder.request(root);
  // Parts that stand twice in the tree are to be changed in one place.
  request.document = JSON.parse(JSON.stringify(request.document));
  const isText = sort === 'wrong' && random.chance(0.4);
  if (sort !== 'valid') {
    const wanted = sort === 'nearly' ? random.between(1, 2) : isText ? 0 : random.between(2, 5);
    for (let done = 0; done < wanted; done += 1) damage(request, random, schema);
  }
  let tokens = tokensOf(request.document);
  if (isText) {
    for (let left = random.between(1, 2); left > 0 && tokens.length > 0; left -= 1)
      tokens = damageTokens(tokens, random);
  }
  const noise = random.weighted([
    [70, 0],
    [20, 0.05],
    [10, 0.3],
  ]);
  const { variables, operationName } = request;
  return { sort, query: layOut(tokens, random, noise), variables, operationName };
}

// A document that somebody thought up, with real ids in the places of `USER`, `PAIR` and `POSITION`.
function odd(facts, random) {
  const found = random.pick(ODDITIES);
  const { query, variables = {}, operationName } = typeof found === 'string' ? { query: found } : found;
  const real = { USER: random.pick(facts.users), PAIR: random.pick(facts.friendships), POSITION: facts.position };
  const filled = query.replace(/\b(USER|PAIR|POSITION)\b/g, (name) => real[name]);
  return { sort: 'odd', query: filled, variables, operationName };
}
