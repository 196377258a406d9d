// graphql-js as the judge: whether a request is executed, and what form its answer has.

import { readFileSync } from 'node:fs';
import {
  buildSchema,
  execute,
  getNamedType,
  GraphQLError,
  isInterfaceType,
  parse,
  validate,
  validateExecutionArgs,
} from 'graphql';

export const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

// The verdict before the execution: `{ verdict: 'refused', message }`, or `{ verdict: 'executed', document, operation }`.
export function judge({ query, variables, operationName }) {
  let document;
  try {
    document = parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return refused([error]);
    throw error;
  }
  const errors = validate(schema, document);
  if (errors.length > 0) return { ...refused(errors), document };
  const validated = validateExecutionArgs({ schema, document, variableValues: variables, operationName });
  if (Array.isArray(validated)) return { ...refused(validated), document };
  return { verdict: 'executed', document, operation: validated.operation };
}

const refused = (errors) => ({ verdict: 'refused', message: errors.map(({ message }) => message).join(' | ') });

// Executes a request on an answer's own data, read by response keys: what comes out has the form that the
// specification gives to these values. A `trial` of a mutation runs the commands: see `rules.mjs`.
export function complete({ variables, operationName }, document, data, trial) {
  const types = new WeakMap();
  // Whoever asks for a node knows its type from the id.
  const note = (value, id) => {
    if (value && typeof value === 'object') types.set(value, typeOfId(id));
    return value;
  };
  return execute({
    schema,
    document,
    variableValues: variables,
    operationName,
    rootValue: data,
    fieldResolver(source, args, _context, info) {
      const own = Object.hasOwn(source, info.path.key) ? source[info.path.key] : undefined;
      const value = trial ? trial.resolve(source, args, info, own) : own;
      if (!isInterfaceType(getNamedType(info.returnType))) return value;
      return Array.isArray(value) ? value.map((item, place) => note(item, args.ids[place])) : note(value, args.id);
    },
    typeResolver: (value) => types.get(value),
  });
}

function typeOfId(id) {
  return Buffer.from(String(id), 'base64url').toString().split(':')[0];
}

// What is different between an executed answer and the form that it ought to have; nothing if it is right.
export function misshapen(request, { document, operation }, answer, trial) {
  const { data, errors = [] } = answer;
  const judged = complete(request, document, structuredClone(data), trial);
  const aboutSchema = schemaKeys(judged.data, operation, document);
  for (const key of aboutSchema) {
    const [ours, theirs] = [judged.data[key], data[key]].map((value) => JSON.stringify(outline(value)));
    if (ours !== theirs) return `${key} has the keys ${theirs}, not ${ours}`;
  }
  // In both the same keys in the same order, and the same values.
  const mask = (all) => {
    const entries = Object.entries(all).map(([key, value]) => [
      key,
      aboutSchema.includes(key) ? '(the schema)' : value,
    ]);
    return JSON.stringify(entries);
  };
  if (!judged.data) return `graphql-js makes null of the data: ${judged.errors?.[0]?.message}`;
  const isShortened = errors.some(({ message }) => /more errors are not shown$/.test(message));
  // The two list the parts of the schema in orders of their own.
  const placeOf = ({ path }) =>
    JSON.stringify(aboutSchema.includes(path?.[0]) ? path.map((step) => (Number.isInteger(step) ? 0 : step)) : path);
  const untold = judged.errors?.find((judgedError) => {
    const { extensions } = judgedError;
    const told = errors.find((error) => placeOf(error) === placeOf(judgedError));
    if (!told) return !isShortened;
    return extensions?.code && told.extensions?.code !== extensions.code;
  });
  if (mask(judged.data) !== mask(data))
    return `${untold?.message ?? 'the data is another'} | it ought to be ${mask(judged.data)}`;
  for (const { path } of errors) {
    if (path && !isNullAt(data, path)) return `an error at ${path.join('.')} where there is no null`;
  }
  if (untold) return `no such error at ${untold.path?.join('.')}: ${untold.message}`;
  return undefined;
}

// The response keys at the root that the schema answers: both sides answer them of their own.
function schemaKeys(data, operation, document) {
  const keys = new Set();
  const visit = (set) => {
    for (const selection of set.selections) {
      if (selection.kind === 'Field') {
        if (/^__(schema|type)$/.test(selection.name.value)) keys.add(selection.alias?.value ?? selection.name.value);
      } else if (selection.kind === 'InlineFragment') visit(selection.selectionSet);
      else
        visit(
          document.definitions.find(
            ({ kind, name }) => kind === 'FragmentDefinition' && name.value === selection.name.value,
          ).selectionSet,
        );
    }
  };
  visit(operation.selectionSet);
  return Object.keys(data ?? {}).filter((key) => keys.has(key));
}

// The keys of objects, whatever their number and order in lists; null where no object tells any.
function outline(value) {
  if (Array.isArray(value)) return value.map(outline).reduce(merged, null);
  if (!value || typeof value !== 'object') return null;
  return Object.entries(value).map(([key, member]) => [key, outline(member)]);
}

function merged(one, other) {
  if (!one || !other) return one ?? other;
  const keys = (all) => JSON.stringify(all.map(([key]) => key));
  if (keys(one) !== keys(other)) return [...one, ...other];
  return one.map(([key, below], place) => [key, merged(below, other[place][1])]);
}

function isNullAt(data, path) {
  let value = data;
  for (const step of path) {
    if (value === null) return true;
    value = value?.[step];
  }
  return value === null;
}
