// Compares what foaf made of a request with what graphql-js makes of it, and gathers the differences.

import { Client } from './client.mjs';
import { judge, misshapen } from './judge.mjs';
import { KNOWN } from './known.mjs';

const SHOWN = 20;

// How the answer to a request differs from what graphql-js makes of it: `difference` if it does, and the `entry` of
// the known ones that explains it. Of a mutation, `trialOf` makes what stands in for the rules: see `rules.mjs`.
export function compare(request, response, trialOf) {
  const body = Client.body(request);
  // The judge reads what is sent: of numbers, JSON keeps less than JavaScript, and the other way round.
  const read = JSON.parse(body);
  const judged = judge(read);
  const { answer } = response;
  const told = answer?.errors?.map((error) => error.message).join(' | ') ?? '';
  const found = { request, body, read, judged, answer, answered: verdictOf(response), told };
  if (judged.verdict === 'executed' && answer?.errors?.some(isOwnLimit)) return { ...found, isBeyond: true };
  Object.assign(found, differs(read, judged, found, trialOf));
  if (!found.difference) return found;
  for (const entry of KNOWN) {
    const isVerdict = judged.verdict === 'executed' && found.answered === 'refused';
    if (isVerdict && entry.isRefused?.(found)) return { ...found, entry };
    const reread = entry.reread?.(found);
    if (!reread) continue;
    const { difference, trial } = differs(reread, judge(reread), found, trialOf);
    if (!difference) return { ...found, entry, trial };
  }
  return found;
}

const isOwnLimit = ({ extensions }) => extensions?.code === 'QUERY_TOO_COMPLEX' && extensions.limit !== undefined;

function differs(read, judged, { answered, answer }, trialOf) {
  if (judged.verdict !== answered) return { difference: 'verdict', message: judged.message };
  if (answered !== 'executed') return {};
  const trial = trialOf?.(answer);
  const misshape = misshapen(read, judged, answer, trial);
  if (misshape) return { difference: 'form', message: [misshape, trial?.problem()].filter(Boolean).join(' | ') };
  const problem = trial?.problem();
  return problem ? { difference: 'records', message: problem } : { trial };
}

// What foaf did with a request.
function verdictOf({ status, answer }) {
  if (answer && status === 200 && Object.hasOwn(answer, 'data')) return 'executed';
  if (answer && status === 400 && !Object.hasOwn(answer, 'data')) return 'refused';
  return `neither: status ${status}`;
}

// Whether an operation has fields that write, or could.
export function writes(operation) {
  return (
    operation.operation === 'mutation' &&
    operation.selectionSet.selections.some((selection) => selection.name?.value !== '__typename')
  );
}

// The results of a run: how many of which sort.
export class Tally {
  constructor() {
    this.totals = { executed: 0, refused: 0, differences: 0, known: 0, beyond: 0 };
    this.met = new Map(KNOWN.map((entry) => [entry, 0]));
    this.unknown = new Map();
  }

  add(result) {
    const { totals, met, unknown } = this;
    totals[result.judged.verdict] += 1;
    if (result.isBeyond) totals.beyond += 1;
    if (!result.difference) return;
    totals.differences += 1;
    if (result.entry) {
      totals.known += 1;
      met.set(result.entry, met.get(result.entry) + 1);
    } else {
      const sort = sortOf(result);
      unknown.set(sort, [...(unknown.get(sort) ?? []), result]);
    }
  }

  // Prints a difference of each sort that is not known: the shortest, or what `shorter` makes of it.
  async print(shorter = (result) => result) {
    for (const [sort, found] of [...this.unknown].slice(0, SHOWN)) {
      const shortest = found.reduce((one, other) => (one.body.length <= other.body.length ? one : other));
      const { request, judged, message, answer, answered } = await shorter(shortest, sort);
      console.log(`\n${found.length} x ${sort}`);
      console.log(`  query:      ${JSON.stringify(request.query)}`);
      console.log(
        `  variables:  ${Client.body({ variables: request.variables })} operationName: ${JSON.stringify(request.operationName)}`,
      );
      console.log(`  graphql-js: ${judged.verdict}: ${message ?? ''}`);
      console.log(`  foaf:       ${answered}: ${JSON.stringify(answer)}`);
    }
    if (this.unknown.size > SHOWN)
      console.log(`\n${this.unknown.size - SHOWN} more sorts of differences are not shown`);
    for (const [{ paragraph, reason }, met] of this.met)
      if (met > 0) console.log(`known, ${met} times: section ${paragraph}: ${reason}`);
    if (this.totals.beyond > 0)
      console.log(`not compared, for they are beyond foaf's own limits: ${this.totals.beyond}`);
  }

  // What is beyond foaf's own limits tells nothing: a few are the price of chance, many make the test blind.
  isGood(count) {
    return this.unknown.size === 0 && this.totals.beyond * 50 <= count;
  }
}

// Differences of one sort read alike: without names and numbers.
export function sortOf({ difference, judged, answered, message, told }) {
  const which = difference === 'verdict' && answered === 'refused' ? told : message;
  const words = String(which ?? '')
    .split(' | ')[0]
    .replace(/"[^"]*"|`[^`]*`|\$\w+/g, '…')
    .replace(/[\d.]+/g, '#');
  return `${difference}: graphql-js ${judged.verdict}, foaf ${answered}: ${words.slice(0, 90)}`;
}
